/** Points in time and spans for people. A point is always UTC, and says so. Pure. */

import { type Html, html } from './html.ts';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** `12 ms`, `1.4 s`, `40 s`, `3 min`, `2 h 10 min`, `5 d 3 h`. */
export function spanWords(ms: number): string {
  const span = Math.max(0, ms);
  if (span < second) return `${Math.round(span)} ms`;
  if (span < 10 * second) return `${Number((span / second).toFixed(1))} s`;
  if (span < 2 * minute) return `${Math.floor(span / second)} s`;
  if (span < hour) return `${Math.floor(span / minute)} min`;
  if (span < 2 * day) return two(span, [hour, 'h'], [minute, 'min']);
  return two(span, [day, 'd'], [hour, 'h']);
}

function two(span: number, [large, l]: [number, string], [small, s]: [number, string]): string {
  const rest = Math.floor((span % large) / small);
  return `${Math.floor(span / large)} ${l}${rest === 0 ? '' : ` ${rest} ${s}`}`;
}

/** Undefined: one of them is not known, or is no time. */
export function msBetween(from: string | undefined, to: string): number | undefined {
  const ms = Date.parse(to) - Date.parse(from ?? '');
  return Number.isNaN(ms) ? undefined : ms;
}

/** A lag, which may be a fraction of a second. */
export const lagWords = (seconds: number): string => (seconds === 0 ? '0 s' : spanWords(seconds * second));

/** `11:30:06 UTC` for a time of the last twelve hours, else `2026-11-22 11:30 UTC`. */
export function clockWords(at: number, now: number): string {
  const text = new Date(at).toISOString();
  return Math.abs(now - at) < 12 * hour
    ? `${text.slice(11, 19)} UTC`
    : `${text.slice(0, 10)} ${text.slice(11, 16)} UTC`;
}

/** A `time` element: how long ago, and the exact time as its title. A text that is no time stays. */
export function agoHtml(iso: string, now: number): Html {
  const at = Date.parse(iso);
  if (Number.isNaN(at)) return html`${iso}`;
  const ago = now - at;
  // Clocks of two machines differ a little.
  const words =
    ago < -2 * second ? `in ${spanWords(-ago)}` : ago < second ? 'just now' : `${spanWords(ago)} ago`;
  return html`<time datetime="${iso}" title="${exactWords(at)}">${words}</time>`;
}

/** `2026-11-22 11:30:06.123 UTC`. */
export const exactWords = (at: number): string =>
  `${new Date(at).toISOString().replace('T', ' ').replace('Z', '')} UTC`;
