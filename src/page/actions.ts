/** What a person may do: buttons for those with scripts and a token, commands for everybody. Pure. */

import type { ClusterDocument } from '../http/documents.ts';
import { type Html, html } from './html.ts';
import { otherServers } from './verdict.ts';

/** The script shows the buttons: without it they could do nothing. */
export function actionsHtml(document: ClusterDocument): Html {
  const { cluster, ledger } = document;
  const frozen = ledger?.frozen ?? null;
  const targets = otherServers(document);
  return html`
    <section class="panel actions" aria-labelledby="h-actions" id="actions">
      <h2 id="h-actions">Act</h2>
      <p class="note">From a shell of this machine:</p>
      <ul class="commands">
        <li><code>source-dns explain ${cluster}</code></li>
        <li><code>${frozen === null ? `source-dns freeze ${cluster} --reason REASON` : `source-dns thaw ${cluster}`}</code></li>
        <li><code>source-dns follow ${cluster} SERVER --dry-run</code></li>
      </ul>
      <div class="buttons" hidden>
        ${
          frozen === null
            ? html`<button type="button" data-act="freeze">Freeze the name…</button>`
            : html`<button type="button" data-act="thaw">Thaw the name…</button>`
        }
        ${targets.length > 0 && html`<button type="button" data-act="follow">Let the name follow…</button>`}
      </div>
      <template id="targets">${targets.map(({ server }) => html`<option value="${server}">${server}</option>`)}</template>
    </section>`;
}
