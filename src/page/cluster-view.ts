/** One cluster: where its name points, why, and whether everybody follows. Pure. */

import type { Alarm, HistoryEntry } from '../core/model/events.ts';
import type { Failure } from '../core/model/observation.ts';
import type { PublicationSnapshot } from '../core/report/snapshot-types.ts';
import { describeEntry } from '../daemon/entry-text.ts';
import type { ClusterDocument } from '../http/documents.ts';
import { actionsHtml } from './actions.ts';
import { type Html, html } from './html.ts';
import { toneIcon } from './icons.ts';
import { notesHtml } from './instance-notes.ts';
import { movesHtml } from './moves.ts';
import { nameserversHtml } from './nameservers.ts';
import { prose, sentencesHtml } from './prose.ts';
import { serversHtml } from './servers.ts';
import type { View } from './shell.ts';
import { agoHtml } from './time-words.ts';
import { forestOf } from './topology.ts';
import { isDeep, topologyHtml } from './topology-svg.ts';
import {
  answering,
  counted,
  followers,
  plainName,
  publicationVerdict,
  type Share,
  type Verdict,
  verdictOf,
} from './verdict.ts';

export interface ClusterPage {
  readonly cluster: ClusterDocument;
  /** Oldest first. */
  readonly history: readonly HistoryEntry[];
  /** Of the daemon. */
  readonly warnings: readonly Failure[];
  readonly now: number;
  readonly root: string;
  /** There are other clusters to go back to. */
  readonly oneOfMany: boolean;
}

export function clusterView(page: ClusterPage): View {
  const { cluster, history, warnings, now, root, oneOfMany } = page;
  const verdict = verdictOf(cluster);
  const source = cluster.ledger?.source;
  const forest = forestOf(cluster.servers, source);
  const name = plainName(cluster.name ?? cluster.cluster);
  const several = cluster.publications.length > 1;
  const wouldChange = [...new Set(cluster.publications.flatMap((each) => each.wouldChange ?? []))];
  return {
    title: `${verdict.word}: ${cluster.cluster} · source-dns`,
    tone: verdict.tone,
    announcement: `${verdict.word}. ${name} leads to ${source ?? 'no server'}. ${verdict.code}`,
    cluster: cluster.cluster,
    search: '',
    main: html`
      ${oneOfMany && trailHtml(cluster.cluster, root)}
      ${heroHtml(cluster, verdict, now)}
      ${alarmsHtml(cluster.alarms)}
      ${notesHtml(warnings)}
      <div class="board ${isDeep(forest) ? 'deep' : ''}">
        <section class="panel at-topology" aria-labelledby="h-topology">
          <h2 id="h-topology">Who follows</h2>${topologyHtml(cluster, forest)}
        </section>
        <section class="panel at-nameservers" aria-labelledby="h-nameservers">
          <h2 id="h-nameservers">Who answers</h2>${nameserversHtml(cluster)}
        </section>
        <section class="panel at-change" aria-labelledby="h-change">
          <h2 id="h-change">What would change the decision</h2>
          ${sentencesHtml(wouldChange, 'Nothing is known that would.')}
        </section>
        <section class="panel at-moves" aria-labelledby="h-moves">
          <h2 id="h-moves">The last moves</h2>${movesHtml(history, now, several)}${eventsHtml(history, now)}
        </section>
      </div>
      ${serversHtml(cluster, forest)}${actionsHtml(cluster)}`,
  };
}

const trailHtml = (name: string, root: string): Html => html`
  <nav class="trail" aria-label="Where you are">
    <a href="${root}">All clusters</a><span aria-hidden="true"> / </span><span aria-current="page">${name}</span>
  </nav>`;

function heroHtml(cluster: ClusterDocument, verdict: Verdict, now: number): Html {
  const [first, ...others] = cluster.publications;
  return html`
    <section class="hero" aria-labelledby="h-verdict">
      <div class="sign">${toneIcon(verdict.tone)}</div>
      <div class="said">
        <h1 id="h-verdict">
          <span class="verdict">${verdict.word}</span><span class="cluster-name">${cluster.cluster}</span>
        </h1>
        ${first && answerHtml(first, others.length > 0)}
        <p class="sentence">${prose(verdict.sentence)}</p>
        ${others.map((other) => alsoHtml(other, cluster))}
        ${factsHtml(cluster, verdict, now)}
      </div>
    </section>`;
}

/** The same cluster at another nameserver: a ledger and a decision for itself. */
const alsoHtml = (other: PublicationSnapshot, cluster: ClusterDocument): Html => html`
  <div class="also">
    ${answerHtml(other, true)}
    <p class="sentence">${publicationVerdict(other, cluster).word}. ${prose(other.decision.sentence)}</p>
  </div>`;

function factsHtml(cluster: ClusterDocument, { code }: Verdict, now: number): Html {
  const { ledger, mode, alarms } = cluster;
  const count = alarms.length;
  return html`
    <ul class="facts">
      ${mode === 'observe' && html`<li class="fact warn"><strong>observe</strong> writes nothing</li>`}
      ${ledger?.frozen && code !== 'frozen' && html`<li class="fact cold"><strong>Frozen</strong> by ${ledger.frozen.by}: ${ledger.frozen.reason}</li>`}
      ${ledger && shareHtml(followers(cluster), 'server follows', 'servers follow')}
      ${shareHtml(answering(cluster), 'nameserver answered the move', 'nameservers answered the move')}
      <li class="fact ${count > 0 ? 'warn' : ''}">
        <strong>${count === 0 ? 'No' : count}</strong> ${count === 1 ? 'alarm' : 'alarms'}
      </li>
      ${ledger && html`<li class="fact"><strong>Epoch ${ledger.epoch}</strong> by ${ledger.by}, ${agoHtml(ledger.at, now)}</li>`}
      <li class="fact"><code class="code">${code}</code></li>
    </ul>`;
}

function answerHtml(
  { name, nameserver, published, ledger, ready }: PublicationSnapshot,
  named: boolean,
): Html {
  const answers = published.length > 0 ? published.join(', ') : ready ? ledger && 'nothing' : 'not read yet';
  return html`
    <p class="answer">
      <span class="dns-name">${plainName(name)}</span>${named && html` <span class="at">at ${nameserver}</span>`}
      <span class="leads">
        <span class="arrow" aria-hidden="true">→</span><span class="sr"> leads to </span>
        <strong class="target">${ledger?.source ?? 'no server'}</strong> 
        ${answers !== null && html`<span class="address">${answers}</span>`}
      </span>
    </p>`;
}

function shareHtml(share: Share | undefined, one: string, many: string): Html | false {
  if (share === undefined || share.all === 0) return false;
  const { have, all } = share;
  return html`<li class="fact ${have < all ? 'warn' : 'well'}"><strong>${have} of ${all}</strong> ${all === 1 ? one : many}</li>`;
}

const alarmsHtml = (alarms: readonly Alarm[]): Html | false =>
  alarms.length > 0 &&
  html`
    <section class="alarms" aria-labelledby="h-alarms">
      <h2 id="h-alarms">${counted(alarms.length, 'alarm')}</h2>
      <ul>${alarms.map(alarmHtml)}</ul>
    </section>`;

const alarmHtml = ({ code, subject, sentence, hint }: Alarm): Html => html`
  <li class="alarm">
    <p class="alarm-head"><span class="code">${code}</span><span class="server">${subject}</span></p>
    <p>${prose(sentence)}</p>
    ${hint !== undefined && html`<p class="hint">${prose(hint)}</p>`}
  </li>`;

const mostEvents = 20;

/** What happened, as the log says it. */
function eventsHtml(history: readonly HistoryEntry[], now: number): Html | false {
  const events = history.slice(-mostEvents).reverse();
  return (
    events.length > 0 &&
    html`
      <details class="events" id="events">
        <summary>Everything that happened lately</summary>
        <ol>${events.map((entry) => eventHtml(entry, now))}</ol>
      </details>`
  );
}

function eventHtml(entry: HistoryEntry, now: number): Html {
  const { level, sentence } = describeEntry(entry);
  return html`<li class="event ${level}">${agoHtml(entry.at, now)}<span>${prose(sentence)}</span></li>`;
}
