/** Small drawings that say by form what a colour says, for those who do not see the colour. Pure. */

import { type Html, html, textOf } from './html.ts';
import type { Tone } from './verdict.ts';

/** 24 by 24, drawn with the colour of the text. */
const drawings: Readonly<Record<Tone, Html>> = {
  good: html`<path d="M5 12.5l4.5 4.5L19 7.5"/>`,
  note: html`<path d="M12 6v8M12 17.5v.5"/>`,
  moving: html`<path d="M4 12h15M13 6l6 6-6 6"/>`,
  held: html`<path d="M9 6v12M15 6v12"/>`,
  down: html`<path d="M6.5 6.5l11 11M17.5 6.5l-11 11"/>`,
  frozen: html`<path d="M12 3v18M4.2 7.5l15.6 9M4.2 16.5l15.6-9M9.5 4.5L12 7l2.5-2.5M9.5 19.5L12 17l2.5 2.5"/>`,
  asking: html`<path d="M6 12h.01M12 12h.01M18 12h.01"/>`,
};

/** The sign of a tone. Text beside it says the same, so it is hidden from screen readers. */
export const toneIcon = (tone: Tone): Html =>
  html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">${drawings[tone]}</svg>`;

/** The mark of the program: one name that points to one of several. */
export const mark: Html = html`<svg class="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false"><circle cx="7" cy="16" r="4.5"/><path d="M11.5 16H21"/><circle class="to" cx="25" cy="16" r="5"/><circle class="other" cx="20" cy="5.5" r="2.5"/><circle class="other" cx="20" cy="26.5" r="2.5"/></svg>`;

/** For the tab of a browser, where the colours of the page do not apply. */
const tabColours: Readonly<Record<Tone, string>> = {
  good: '#1a8a60',
  note: '#b07800',
  moving: '#2a6fd0',
  held: '#c95a17',
  down: '#c9302a',
  frozen: '#5a5dc0',
  asking: '#7a808b',
};

/** The sign as a file. */
export const iconFile = (tone: Tone): string =>
  textOf(
    html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><circle cx="12" cy="12" r="12" fill="${tabColours[tone]}"/><g transform="translate(4.2 4.2) scale(.65)" fill="none" stroke="#fff" stroke-width="3" stroke-linecap="round" stroke-linejoin="round">${drawings[tone]}</g></svg>`,
  );
