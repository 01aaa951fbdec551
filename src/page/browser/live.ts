/**
 * Keeps the page fresh, and says how fresh it is. An event of the stream is only a reason to ask for the
 * page's part again; a part is asked for every few seconds in any case, so a lost event costs seconds.
 */

import { tell } from './freshness.ts';
import { morph } from './morph.ts';
import { joinWindows } from './share.ts';

const second = 1000;
/** Between two parts, if nothing happens. */
const calmMs = 5 * second;
/** Between two parts, if much happens. */
const hastyMs = 400;
const patienceMs = 8 * second;
/** The longest pause between two attempts. */
const longestMs = 30 * second;
const beatMs = 250;
/** Between two beats: the machine slept. */
const sleptMs = 10 * second;

const root = document.body.dataset['root'] ?? './';
const announcer = document.querySelector<HTMLElement>('#announcer');

/** Doubles with each failure; a random part, so that many pages do not come back at the same moment. */
const pause = (failures: number): number =>
  Math.min(longestMs, second * 2 ** Math.min(failures - 1, 6)) * (0.6 + 0.4 * Math.random());

/** Starts. The result asks for the present at once. */
export function keepFresh(): () => void {
  const clock = ageClock();
  const slept = sleepWatch();
  const windows = joinWindows();
  let failures = 0;
  let streamFailures = 0;
  let stream: EventSource | undefined;
  let running: AbortController | undefined;
  let dueAt = performance.now() + calmMs;
  let streamDueAt = performance.now();
  let askedAt = Number.NEGATIVE_INFINITY;

  const ask = async (): Promise<void> => {
    running?.abort();
    const mine = new AbortController();
    running = mine;
    askedAt = performance.now();
    dueAt = askedAt + patienceMs + second;
    const timer = setTimeout(() => mine.abort(), patienceMs);
    try {
      await replace(mine.signal);
      failures = 0;
      clock.reset();
      dueAt = performance.now() + calmMs;
    } catch {
      // A newer question took the place of this one.
      if (running !== mine) return;
      failures += 1;
      dueAt = performance.now() + pause(failures);
    } finally {
      clearTimeout(timer);
    }
    show();
  };
  const soon = (): void => {
    if (failures === 0) dueAt = Math.min(dueAt, Math.max(performance.now(), askedAt + hastyMs));
  };
  const hangUp = (): void => {
    stream?.close();
    stream = undefined;
  };
  const listen = (): void => {
    stream = openStream(soon, {
      opened() {
        streamFailures = 0;
        soon();
      },
      ended() {
        // The browser would try again every three seconds, as would all others.
        hangUp();
        streamFailures += 1;
        streamDueAt = performance.now() + pause(streamFailures);
      },
    });
  };
  const show = (): void => {
    const isStreaming = stream?.readyState === EventSource.OPEN;
    tell({ ageMs: clock.age(), failures, isStreaming, nextMs: dueAt - performance.now() }, ask);
  };
  const beat = (): void => {
    // A page that nobody sees holds no connection: a browser has six for each host.
    const mayStream = !document.hidden && windows.mayStream();
    // Nobody told a machine that slept that the other end of its stream has gone.
    if (slept() || !mayStream) hangUp();
    if (document.hidden) return;
    if (mayStream && stream === undefined && performance.now() >= streamDueAt) listen();
    if (performance.now() >= dueAt) void ask();
    show();
  };
  const wakeUp = (): void => {
    hangUp();
    if (!document.hidden) {
      streamDueAt = performance.now();
      failures = 0;
      void ask();
    }
    beat();
  };
  document.addEventListener('visibilitychange', wakeUp);
  addEventListener('pageshow', (event) => event.persisted && wakeUp());
  addEventListener('online', wakeUp);
  addEventListener('popstate', () => void ask());
  setInterval(beat, beatMs);
  beat();
  return () => void ask();
}

/** By both clocks: one stands still while the machine sleeps, the other one may be set back. */
function ageClock() {
  let [mono, wall] = [performance.now(), Date.now()];
  return {
    age: () => Math.max(performance.now() - mono, Date.now() - wall),
    reset() {
      [mono, wall] = [performance.now(), Date.now()];
    },
  };
}

/** Whether the machine slept since the last call: then only the wall clock went on. */
function sleepWatch(): () => boolean {
  let last = Date.now();
  return () => {
    const gap = Date.now() - last;
    last += gap;
    return gap > sleptMs;
  };
}

/** The part of this very address. */
async function replace(signal: AbortSignal): Promise<void> {
  const address = new URL(location.href);
  address.hash = '';
  address.searchParams.set('part', '');
  const response = await fetch(address, { signal, cache: 'no-store', credentials: 'same-origin' });
  const text = await response.text();
  const next = new DOMParser().parseFromString(text, 'text/html').querySelector('main');
  const main = document.querySelector('main');
  // A proxy's error page, or the daemon while it starts: the past says more.
  if (next === null || main === null || response.status === 503)
    throw new Error(`no part: ${response.status}`);
  if (next.dataset['assets'] !== main.dataset['assets']) {
    // Another version of the daemon: its part needs its own style and script.
    if (document.querySelector('dialog[open]') === null) location.reload();
    return;
  }
  const announcement = next.dataset['announcement'] ?? '';
  const isNews = announcement !== main.dataset['announcement'];
  document.title = next.dataset['title'] ?? document.title;
  document.querySelector('#icon')?.setAttribute('href', next.dataset['icon'] ?? '');
  morph(main, next);
  if (isNews && announcer !== null) announcer.textContent = announcement;
  document.dispatchEvent(new Event('replaced'));
}

/** Whatever happens is a reason to look again. */
const kinds = [
  'hello',
  'reset',
  'decision',
  'move',
  'propagation',
  'write',
  'alarm',
  'fence',
  'hook',
  'command',
];

function openStream(
  nudge: () => void,
  { opened, ended }: { readonly opened: () => void; readonly ended: () => void },
): EventSource {
  const cluster = document.querySelector('main')?.dataset['cluster'] ?? '';
  const stream = new EventSource(
    `${root}v1/events${cluster === '' ? '' : `?cluster=${encodeURIComponent(cluster)}`}`,
  );
  stream.addEventListener('open', opened);
  stream.addEventListener('error', ended);
  for (const kind of kinds) stream.addEventListener(kind, nudge);
  return stream;
}
