/** Rule 4: a person or a failover tool has named the source. */

import { type Decision, hold, pointTo } from '../../model/decision.ts';
import type { ServerAddress } from '../../model/units.ts';
import type { ServerView } from '../../observe/topology.ts';
import { follow } from '../advice.ts';
import { inForce } from '../announcement.ts';
import { bindingsOf, disqualification } from '../candidates.ts';
import { belongsToLine, isPublished, isSuperseded, type Situation } from '../situation.ts';
import { unopenable } from '../soon-open.ts';
import { wayBack } from '../way-back.ts';

/** A command: the server must be able to be the source, with or without evidence; unless it is forced. */
export function commanded(situation: Situation): Decision | undefined {
  const { command, members } = situation;
  if (command === undefined) return undefined;
  const server = members.find((member) => member.address === command.server);
  if (server === undefined) return hold('no-candidate', notAMember(situation, command.server));
  const closed = command.force && !command.althoughReadOnly ? knownReplica(situation, server) : undefined;
  if (closed !== undefined) return hold('no-candidate', closed);
  if (command.force) return pointTo('commanded', server, `A forced command named ${server.address}.`);
  const back = wayBack(situation, server);
  if (back !== undefined)
    return pointTo(
      'commanded',
      server,
      `A command named ${server.address}, which is writable. Nothing is lost: ${back}.`,
    );
  const wrong = disqualification(situation, server);
  if (wrong === undefined)
    return pointTo('commanded', server, `A command named ${server.address}, which is writable.`);
  if (command.althoughReadOnly) return soonOpen(situation, server);
  return notNow(situation, server, wrong);
}

/** No daemon waits for the promotion, so the name goes first; and only if nothing else is wrong. */
function soonOpen(situation: Situation, server: ServerView): Decision {
  const wrong = unopenable(situation, server);
  return wrong === undefined
    ? pointTo(
        'commanded',
        server,
        `A command named ${server.address}, which is read-only until the failover tool opens it.`,
      )
    : notNow(situation, server, wrong);
}

function notNow(situation: Situation, server: ServerView, wrong: string): Decision {
  const reason = isSuperseded(situation, server)
    ? 'superseded-source'
    : belongsToLine(situation, server)
      ? 'no-candidate'
      : 'stranger';
  const next =
    reason === 'no-candidate' || !server.writable
      ? `To see why it is not a candidate: source-dns explain ${situation.state.settings.cluster}`
      : `Only if it has the right data: ${follow(situation, server, true)}`;
  return hold(reason, `A command named ${server.address}, but ${server.address} ${wrong}. ${next}`);
}

/** Why a command cannot name this address: no server has it, or the server counts at another address. */
export function notAMember({ topology }: Situation, address: ServerAddress): string {
  const sameAs = topology.servers.find((server) => server.address === address)?.sameAs;
  return sameAs === undefined
    ? `${address} is not a server of this cluster.`
    : `${address} and ${sameAs} are one server, and only ${sameAs} counts: name ${sameAs}.`;
}

/** Force overrides what is unknown, not what was just seen: that the server is read-only or replicates. */
function knownReplica(situation: Situation, server: ServerView): string | undefined {
  const { published, candidates, members } = situation;
  if (server.contact !== 'reachable') return undefined;
  const [binding] = bindingsOf(situation, server);
  if (server.writable && binding === undefined) return undefined;
  const upstream = members.find((member) => member.address === binding?.member);
  const source = [...candidates, upstream].find((member) => member?.writable && member !== server);
  const replicates = binding ? ` and replicates from ${binding.member ?? binding.channel.sourceAddress}` : '';
  const truth =
    source &&
    (source === published
      ? ` The source is ${source.address}, which is published.`
      : ` If ${source.address} is the source: ${follow(situation, source)}`);
  const state = server.writable ? 'writable' : 'read-only';
  return `A forced command named ${server.address}, but the newest answer of ${server.address} says that it is ${state}${replicates}.${truth ?? ''} If clients shall get it nevertheless: ${follow(situation, server, true)} --although-read-only`;
}

/** An announcement in the ledger: the name moves when that server is a candidate. */
export function announced(situation: Situation): Decision | undefined {
  const { ledger, candidates, now } = situation;
  const next = inForce(ledger, now);
  if (next === undefined) return undefined;
  const server = candidates.find((candidate) => candidate.id === next.uuid);
  return server && !isPublished(situation, server)
    ? pointTo('commanded', server, `A failover tool announced ${server.address}, which is writable now.`)
    : undefined;
}
