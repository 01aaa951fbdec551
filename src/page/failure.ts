/** Why something failed: the message, its code, and what to do. Pure. */

import type { Failure } from '../core/model/observation.ts';
import { type Html, html } from './html.ts';
import { prose } from './prose.ts';

/** `what`: what failed, if the message does not say it. */
export const failureHtml = ({ message, code, hint }: Failure, what?: string): Html => html`
  <p class="failure">
    ${what !== undefined && html`<strong>${what}.</strong> `}${message} <code class="code">${code}</code>
    ${hint !== undefined && html` <span class="hint">${prose(hint)}</span>`}
  </p>`;
