/** Says how fresh the page is. What is old must not look like the present. */

/** How long the page passes for the present without an answer. */
const oldMs = 15_000;

export interface Freshness {
  readonly ageMs: number;
  /** Attempts in a row without an answer. */
  readonly failures: number;
  readonly isStreaming: boolean;
  /** Until the next attempt. */
  readonly nextMs: number;
}

const fresh = document.querySelector<HTMLElement>('#fresh');
const lost = document.querySelector<HTMLElement>('#lost');

export function tell(freshness: Freshness, ask: () => Promise<void>): void {
  const isLost = freshness.ageMs > oldMs || freshness.failures > 1;
  document.body.classList.toggle('old', isLost);
  if (fresh !== null) light(fresh, freshness, isLost);
  if (lost === null || lost.hidden === !isLost) {
    if (isLost) count(freshness);
    return;
  }
  lost.hidden = !isLost;
  lost.replaceChildren(...(isLost ? complaint(ask) : []));
  if (isLost) count(freshness);
}

function light(fresh: HTMLElement, { ageMs, failures, isStreaming }: Freshness, isLost: boolean): void {
  const present = isStreaming ? 'Live' : 'Asks every 5 s';
  const state = isStreaming && failures === 0 ? 'live' : 'late';
  fresh.className = `fresh ${isLost ? 'dead' : state}`;
  write(fresh.querySelector('.said'), isLost ? `${words(ageMs)} old` : present);
  fresh.querySelector('a')?.toggleAttribute('hidden', !isLost);
}

/** Said aloud once: the numbers that run are only for the eye. */
function complaint(ask: () => Promise<void>): readonly (Node | string)[] {
  const numbers = document.createElement('span');
  numbers.className = 'numbers';
  numbers.ariaHidden = 'true';
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = 'Try now';
  button.addEventListener('click', () => void ask());
  return ['source-dns does not answer: this page shows the past. ', numbers, button];
}

function count({ ageMs, nextMs }: Freshness): void {
  const next = nextMs > 0 ? ` Next try in ${words(nextMs)}.` : '';
  write(lost?.querySelector('.numbers'), `It is ${words(ageMs)} old.${next}`);
}

function write(place: Element | null | undefined, text: string): void {
  if (place && place.textContent !== text) place.textContent = text;
}

function words(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.floor(seconds / 60)} min` : `${Math.floor(seconds / 3600)} h`;
}
