/** What an operator should mend at this instance, although all works: the warnings of the daemon. Pure. */

import type { Failure } from '../core/model/observation.ts';
import { type Html, html } from './html.ts';
import { prose } from './prose.ts';
import { counted } from './verdict.ts';

/** Each of a thousand clusters may have a line in the configuration that is probably not meant so. */
const mostNotes = 5;

export const notesHtml = (warnings: readonly Failure[]): Html | false =>
  warnings.length > 0 &&
  html`
    <section class="alarms notes" aria-labelledby="h-notes">
      <h2 id="h-notes">${counted(warnings.length, 'warning')} of this instance</h2>
      <ul>${warnings.slice(0, mostNotes).map(noteHtml)}</ul>
      ${warnings.length > mostNotes && html`<p class="none">And ${warnings.length - mostNotes} more: <code>source-dns status</code></p>`}
    </section>`;

const noteHtml = ({ code, message, hint }: Failure): Html => html`
  <li class="alarm">
    <p class="alarm-head"><span class="code">${code}</span></p>
    <p>${prose(message)}</p>
    ${hint !== undefined && html`<p class="hint">${prose(hint)}</p>`}
  </li>`;
