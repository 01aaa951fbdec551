/** Sentences for people: what is between backquotes is a command or a statement. Pure. */

import { type Html, html } from './html.ts';

/** A lonely backquote stays as it is. */
export function prose(sentence: string): Html {
  const parts = sentence.split('`');
  if (parts.length % 2 === 0) return html`${sentence}`;
  return html`${parts.map((part, index) => (index % 2 === 0 ? part : html`<code>${part}</code>`))}`;
}

/** A list of sentences, or the words for an empty one. */
export const sentencesHtml = (sentences: readonly string[], none: string): Html =>
  sentences.length === 0
    ? html`<p class="none">${none}</p>`
    : html`<ul class="sentences">${sentences.map((sentence) => html`<li>${prose(sentence)}</li>`)}</ul>`;
