/** How a person would promote a server now, or why not now, in one line of `explain`. */

import { type ChannelPart, promotionOf } from '../advise/promotion.ts';
import { detaching, starting } from '../decide/advice.ts';
import { lacksOf } from '../decide/ahead.ts';
import { lackWords } from '../decide/lack.ts';
import type { Situation } from '../decide/situation.ts';
import type { ServerFacts } from '../model/observation.ts';
import type { ServerView } from '../observe/topology.ts';

/** Reads on from the server's name. Undefined: it is a candidate, or no statement can make it one. */
export function promotionLine(situation: Situation, server: ServerView): string | undefined {
  const promotion = promotionOf(situation, server);
  if (promotion === undefined) return undefined;
  if (promotion.kind === 'stale')
    return 'do not promote it: it is a former source, and its data may be stale';
  const { isPublished: back } = promotion;
  if (promotion.kind === 'obstacle')
    return `do not ${back ? 'open' : 'promote'} it now: ${promotion.because}`;
  const { facts, channels, open } = promotion;
  const steps = [...channels.flatMap((part) => stepsOff(facts, part)), ...(open === '' ? [] : [open])];
  if (back) return `to make it the source again: ${steps.join('; ')}`;
  const instead =
    situation.published?.contact === 'reachable'
      ? `, if ${situation.published.address} is not to be opened again`
      : '';
  return `to promote it${instead}, in this order: ${steps.join('; ')}${behindWords(situation, server)}`;
}

/** RESET REPLICA deletes the relay log, executed or not (manual 15.4.2.3). */
function stepsOff(facts: ServerFacts, { channel, waiting, stays }: ChannelPart): readonly string[] {
  const delay =
    channel.delaySeconds === undefined ? '' : ` (it delays them by ${channel.delaySeconds} s on purpose)`;
  const stopped = channel.applier === 'off' ? ` (${starting(facts, channel.name, ' SQL_THREAD')})` : delay;
  const wait = `first let it execute ${waiting} that it has received${stopped}${stays ? '' : ': RESET deletes what is not executed'}`;
  return [...(waiting === undefined ? [] : [wait]), ...(stays ? [] : [detaching(facts, channel.name)])];
}

function behindWords(situation: Situation, server: ServerView): string {
  const lacks = lacksOf(situation, server);
  const words = lacks && lackWords(lacks);
  return words === undefined ? '' : `. It lacks ${words}: these would be lost`;
}
