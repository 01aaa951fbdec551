/** The nameservers: whether each answers the newest move, with which serial, and why not. Pure. */

import type { NameserverTime } from '../core/model/events.ts';
import type { PublicationSnapshot } from '../core/report/snapshot-types.ts';
import type { ClusterDocument } from '../http/documents.ts';
import { failureHtml } from './failure.ts';
import { type Html, html } from './html.ts';
import { msBetween, spanWords } from './time-words.ts';
import { counted, plainName } from './verdict.ts';

export function nameserversHtml({ publications }: ClusterDocument): Html {
  return html`${publications.map((publication) => publicationHtml(publication, publications.length > 1))}`;
}

function publicationHtml(publication: PublicationSnapshot, several: boolean): Html {
  const { nameserver, zone, propagation, readFailure, writeFailure, pendingUpdates, lastMove } = publication;
  const begin = lastMove?.epoch === propagation?.epoch ? lastMove?.appliedAt : undefined;
  return html`
    <div class="publication">
      <p class="zone">
        ${several ? html`<strong>${nameserver}</strong>, zone ` : 'Zone '}${zone === null ? 'not known yet' : plainName(zone)}
        ${propagation && html`, epoch ${propagation.epoch}`}
      </p>
      ${readFailure && failureHtml(readFailure, 'The zone cannot be read')}
      ${writeFailure && failureHtml(writeFailure, 'The last update failed')}
      ${pendingUpdates > 0 && html`<p class="failure">${counted(pendingUpdates, 'update')} without an answer may still be applied.</p>`}
      ${
        propagation === null
          ? html`<p class="none">No move was followed to the nameservers since this daemon started.</p>`
          : tableHtml('Nameserver', propagation.nameservers, begin)
      }
      ${propagation?.resolvers && tableHtml('Resolver', propagation.resolvers.nameservers, begin)}
    </div>`;
}

function tableHtml(what: string, nameservers: readonly NameserverTime[], begin: string | undefined): Html {
  if (nameservers.length === 0) return html`<p class="none">No ${what.toLowerCase()} could be asked yet.</p>`;
  return html`
    <table class="nameservers">
      <thead class="sr"><tr><th scope="col">${what}</th><th scope="col">Answers the move</th></tr></thead>
      <tbody>${nameservers.map((each) => rowHtml(each, begin))}</tbody>
    </table>`;
}

function rowHtml({ nameserver, at, serial, failure }: NameserverTime, begin: string | undefined): Html {
  const lacking = failure === undefined ? 'not yet' : `not yet: ${failure.message}`;
  return html`
    <tr class="${at === undefined ? 'lacks' : 'has'}">
      <th scope="row">${nameserver}${serial !== undefined && html` <span class="serial">serial ${serial}</span>`}</th>
      <td>${at === undefined ? lacking : (delay(at, begin) ?? 'yes')}</td>
    </tr>`;
}

function delay(at: string, begin: string | undefined): string | undefined {
  const ms = msBetween(begin, at);
  return ms === undefined || ms < 0 ? undefined : `after ${spanWords(ms)}`;
}
