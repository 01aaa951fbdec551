/** Every server of a cluster: a line, and what it told behind it. Pure. */

import type { ServerSnapshot } from '../core/report/snapshot-types.ts';
import type { ClusterDocument } from '../http/documents.ts';
import { failureHtml } from './failure.ts';
import { type Html, html } from './html.ts';
import { prose, sentencesHtml } from './prose.ts';
import { serverAnchor, serverState, stateWords } from './server-words.ts';
import { type Forest, type Link, linksOf } from './topology.ts';

/** Long lists are cut: a page stays quick. `source-dns explain` has everything. */
const mostServers = 500;
const longestSet = 2000;

export function serversHtml({ servers }: ClusterDocument, forest: Forest): Html {
  const shown = servers.slice(0, mostServers);
  const links = linksOf(forest);
  return html`
    <section class="panel" id="servers" aria-labelledby="h-servers">
      <h2 id="h-servers">Servers</h2>
      <div class="servers-list">${shown.map((server, index) => serverHtml(server, links.get(server) ?? null, index))}</div>
      ${servers.length > shown.length && html`<p class="none">And ${servers.length - shown.length} more.</p>`}
    </section>`;
}

function serverHtml(server: ServerSnapshot, link: Link | null, index: number): Html {
  const { alarms, version, failure, discovered, fence } = server;
  return html`
    <details class="server-row ${serverState(server)}" id="${serverAnchor(index)}">
      <summary>
        <span class="dot" aria-hidden="true"></span>
        <span class="server">${server.server}</span> <span class="state">${stateWords(server, link)}</span> 
        <span class="version">${version ?? ''}</span> 
        ${alarms.length > 0 && html`<span class="alarm-codes">${alarms.join(', ')}</span>`}
        ${fence && html`<span class="fence ${fence.stage}">${prose(fence.sentence)}</span>`}
      </summary>
      <div class="server-body">
        ${failure && failureHtml(failure)}
        ${discovered && html`<p>Found by ${discovered.by} (${discovered.how}), ${discovered.state}. It is never published.</p>`}
        ${server.way && html`<p>${server.way.sentence}</p>`}
        ${factsHtml('For and against it as the source', server.evidence)}
        ${factsHtml('Not a candidate', server.missing)}
        ${factsHtml('What it told', server.observed)}
        ${server.promotion && html`<h3>To promote it by hand</h3><p>${prose(server.promotion)}</p>`}
        ${server.uuid && html`<h3>Identity</h3><p class="mono">${server.uuid}</p>`}
        ${server.gtidExecuted && html`<h3>Executed GTID set</h3><p class="mono">${cut(server.gtidExecuted)}</p>`}
      </div>
    </details>`;
}

const factsHtml = (title: string, sentences: readonly string[] | undefined): Html | false =>
  sentences !== undefined && sentences.length > 0 && html`<h3>${title}</h3>${sentencesHtml(sentences, '')}`;

const cut = (text: string): string => (text.length > longestSet ? `${text.slice(0, longestSet)}…` : text);
