/** The last moves of a cluster, each with its times: seen, decided, applied, propagated. Pure. */

import type { HistoryEntry, NameserverTime } from '../core/model/events.ts';
import { type Html, html } from './html.ts';
import { prose } from './prose.ts';
import { agoHtml, exactWords, msBetween, spanWords } from './time-words.ts';
import { counted } from './verdict.ts';

/** One move, with what is known of its way. */
interface MoveStory {
  readonly epoch: number;
  readonly nameserver: string;
  readonly from: string | undefined;
  readonly to: string;
  readonly reason: string;
  readonly sentence: string;
  readonly at: string;
  readonly steps: readonly Stop[];
  /** From seen to everywhere, or as far as it came. */
  readonly totalMs: number | undefined;
}

interface Stop {
  readonly what: 'seen' | 'decided' | 'applied' | 'propagated';
  readonly at: string | undefined;
  readonly words: string;
}

const mostMoves = 5;

/** The newest first. */
function movesOf(entries: readonly HistoryEntry[]): readonly MoveStory[] {
  const stories = entries.flatMap((entry) =>
    entry.kind === 'move'
      ? storyOf(entry, entries)
      : entry.kind === 'moved-elsewhere'
        ? elsewhere(entry)
        : [],
  );
  return stories.slice(-mostMoves).reverse();
}

function storyOf(move: HistoryEntry & { kind: 'move' }, entries: readonly HistoryEntry[]): MoveStory {
  const report = entries.findLast(
    (entry): entry is HistoryEntry & { kind: 'propagated' } =>
      entry.kind === 'propagated' &&
      entry.nameserver === move.nameserver &&
      entry.epoch === move.epoch &&
      entry.among === undefined,
  );
  const propagated = report?.complete ? lastOf(report.nameservers) : undefined;
  const stops: readonly (readonly [Stop['what'], string | undefined])[] = [
    ['seen', move.seenAt],
    ['decided', move.decidedAt],
    ['applied', move.appliedAt],
    ['propagated', propagated],
  ];
  return {
    epoch: move.epoch,
    nameserver: move.nameserver,
    from: move.from?.server,
    to: move.to.server,
    reason: move.reason,
    sentence: move.sentence,
    at: move.appliedAt,
    steps: stops.map(([what, at], index) => ({
      what,
      at,
      words:
        at === undefined
          ? arriving(report)
          : index === 0
            ? at.slice(11, 23)
            : after(stops[index - 1]?.[1], at),
    })),
    totalMs: msBetween(move.seenAt, propagated ?? move.appliedAt),
  };
}

/** Another instance has its own times; here only the result was read. */
const elsewhere = (entry: HistoryEntry & { kind: 'moved-elsewhere' }): MoveStory => ({
  epoch: entry.epoch,
  nameserver: entry.nameserver,
  from: undefined,
  to: entry.source,
  reason: entry.why,
  sentence: `The instance ${entry.by} moved the name.`,
  at: entry.at,
  steps: [],
  totalMs: undefined,
});

const lastOf = (nameservers: readonly NameserverTime[]): string | undefined =>
  nameservers
    .flatMap(({ at }) => at ?? [])
    .toSorted()
    .at(-1);

function arriving(report: { readonly nameservers: readonly NameserverTime[] } | undefined): string {
  if (report === undefined) return 'not known';
  const lacking = report.nameservers.filter(({ at }) => at === undefined).length;
  return `${counted(lacking, 'nameserver')} not yet`;
}

/** A decision may be older than the sight of the source, if a person gave it. */
function after(from: string | undefined, to: string): string {
  const ms = msBetween(from, to);
  if (ms === undefined) return '';
  return ms < 0 ? `${spanWords(-ms)} before` : `+${spanWords(ms)}`;
}

export function movesHtml(entries: readonly HistoryEntry[], now: number, several: boolean): Html {
  const moves = movesOf(entries);
  if (moves.length === 0) return html`<p class="none">No move is in the history.</p>`;
  return html`<ol class="moves">${moves.map((move) => moveHtml(move, now, several))}</ol>`;
}

function moveHtml(move: MoveStory, now: number, several: boolean): Html {
  const { from, to, reason, epoch, totalMs, steps, nameserver } = move;
  return html`
    <li class="move" id="${`move-${nameserver}-${epoch}`}">
      <p class="move-head">
        <span class="servers">${from !== undefined && from !== to && fromHtml(from)}<span class="server">${to}</span></span> 
        <span class="code">${reason}</span> <span class="when">${agoHtml(move.at, now)}</span>
      </p>
      <p class="why">${prose(move.sentence)}${several && html` <span class="at">At ${nameserver}.</span>`}</p>
      ${steps.length > 0 && html`<ol class="stops">${steps.map(stopHtml)}</ol>`}
      <p class="total">
        Epoch ${epoch}${totalMs !== undefined && totalMs >= 0 && html`, <strong>${spanWords(totalMs)}</strong> in all`}
      </p>
    </li>`;
}

const fromHtml = (from: string): Html => html`
  <span class="server old">${from}</span><span class="arrow" aria-hidden="true">→</span><span class="sr"> to </span>`;

function stopHtml({ what, at, words }: Stop): Html {
  const time = at === undefined || Number.isNaN(Date.parse(at)) ? undefined : exactWords(Date.parse(at));
  return html`
    <li class="stop ${at === undefined ? 'open' : 'done'}">
      <span class="what">${what}</span> 
      ${
        time === undefined
          ? html`<span class="after">${words}</span>`
          : html`<time class="after" datetime="${at}" title="${time}">${words}</time>`
      }
    </li>`;
}
