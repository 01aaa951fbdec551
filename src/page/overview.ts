/** All clusters, the worst first, in small rows. Pure. */

import type { Failure } from '../core/model/observation.ts';
import type { ClusterDocument } from '../http/documents.ts';
import { type Html, html } from './html.ts';
import { toneIcon } from './icons.ts';
import { notesHtml } from './instance-notes.ts';
import type { View } from './shell.ts';
import {
  answering,
  attentionWords,
  byTone,
  counted,
  followers,
  plainName,
  type Share,
  type Tally,
  type Tone,
  talliesOf,
  toneWords,
  type Verdict,
  verdictOf,
} from './verdict.ts';

/** What a row needs of a cluster: small, so a thousand of them can be kept. */
export interface Digest {
  readonly cluster: string;
  readonly name: string;
  readonly source: string;
  readonly verdict: Verdict;
  readonly followers: Share;
  readonly answering: Share | undefined;
  readonly alarms: readonly string[];
}

export interface OverviewPage {
  readonly digests: readonly Digest[];
  /** Clusters that only other instances watch. */
  readonly elsewhere: number;
  /** Of the daemon. */
  readonly warnings: readonly Failure[];
  readonly search: string;
  readonly tone: Tone | undefined;
  /** Show every row. */
  readonly all: boolean;
  readonly root: string;
}

/** More rows than this come on request. */
const mostRows = 100;

export const digestOf = (cluster: ClusterDocument): Digest => ({
  cluster: cluster.cluster,
  name: plainName(cluster.name ?? ''),
  source: cluster.ledger?.source ?? 'no server',
  verdict: verdictOf(cluster),
  followers: followers(cluster),
  answering: answering(cluster),
  alarms: [...new Set(cluster.alarms.map(({ code }) => code))],
});

export function overviewView(page: OverviewPage): View {
  const { digests, search, tone, all, root, elsewhere, warnings } = page;
  const verdicts = digests.map(({ verdict }) => verdict);
  const tallies = talliesOf(verdicts);
  const worst = tallies[0]?.tone ?? 'good';
  const found = sorted(digests.filter((digest) => matches(digest, search, tone)));
  const shown = all ? found : found.slice(0, mostRows);
  const words =
    attentionWords(verdicts) ??
    (digests.length === 0 ? 'No cluster is watched here' : 'Every name is steady');
  return {
    title: `${words} · source-dns`,
    tone: worst,
    announcement: words,
    cluster: undefined,
    search,
    main: html`
      <section class="hero small" aria-labelledby="h-verdict">
        <div class="sign">${toneIcon(worst)}</div>
        <div class="said">
          <h1 id="h-verdict"><span class="verdict">${words}</span></h1>
          <ul class="tallies">
            ${tallies.map((each) => tallyHtml(each, page))}
            ${elsewhere > 0 && html`<li class="fact">${counted(elsewhere, 'cluster')} only on other instances</li>`}
          </ul>
        </div>
      </section>
      ${notesHtml(warnings)}
      <section class="panel" aria-labelledby="h-clusters">
        <h2 id="h-clusters">${headingOf(found.length, page, tallies)}</h2>
        ${
          found.length === 0
            ? html`<p class="none">No cluster fits. <a href="${root}?all">Show all clusters</a></p>`
            : html`<ul class="rows">${shown.map((digest) => rowHtml(digest, root))}</ul>`
        }
        ${shown.length < found.length && html`<p class="more"><a href="${root}${queryOf({ search, tone, all: true })}">Show all ${found.length.toLocaleString('en')}</a></p>`}
      </section>`,
  };
}

function headingOf(
  found: number,
  { digests, search, tone }: OverviewPage,
  tallies: readonly Tally[],
): string {
  const words = tallies.find((tally) => tally.tone === tone)?.words;
  const which = tone === undefined ? '' : ` ${words ?? toneWords[tone]}`;
  const like = search === '' ? '' : ` like “${search}”`;
  return which === '' && like === ''
    ? `${counted(digests.length, 'cluster')}, the worst first`
    : `${counted(found, 'cluster')}${which}${like}`;
}

function tallyHtml({ tone, count, words }: Tally, page: OverviewPage): Html {
  const isChosen = page.tone === tone;
  const query = queryOf({ search: page.search, tone: isChosen ? undefined : tone, all: false });
  return html`<li><a class="tally tone-${tone}" href="${page.root}${query}" ${isChosen && html`aria-current="true"`}>${toneIcon(tone)}<strong>${count}</strong> ${words}</a></li>`;
}

function queryOf({ search, tone, all }: Pick<OverviewPage, 'search' | 'tone' | 'all'>): string {
  const query = new URLSearchParams();
  if (search !== '') query.set('q', search);
  if (tone !== undefined) query.set('is', tone);
  if (all) query.set('all', '');
  return query.size === 0 ? '?all' : `?${query}`;
}

function matches(
  { cluster, name, source, verdict, alarms }: Digest,
  search: string,
  tone: Tone | undefined,
): boolean {
  if (tone !== undefined && verdict.tone !== tone) return false;
  const text = [cluster, name, source, verdict.code, verdict.word, ...alarms].join('\n').toLowerCase();
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

const sorted = (digests: readonly Digest[]): readonly Digest[] =>
  digests.toSorted(
    (a, b) =>
      byTone(a.verdict.tone, b.verdict.tone) || a.cluster.localeCompare(b.cluster, 'en', { numeric: true }),
  );

function rowHtml(digest: Digest, root: string): Html {
  const { cluster, source, verdict } = digest;
  return html`
    <li class="row tone-${verdict.tone}" id="${`row-${cluster}`}">
      <a href="${root}clusters/${encodeURIComponent(cluster)}">
        ${toneIcon(verdict.tone)}
        <span class="row-cluster">${cluster}</span>
        <span class="row-source"><span class="arrow" aria-hidden="true">→</span> ${source}</span>
        <span class="row-why">${whyHtml(digest)}</span>
        <span class="row-share">${shareWords(digest.followers, 'follow')}</span>
        <span class="row-share">${shareWords(digest.answering, 'answered')}</span>
      </a>
    </li>`;
}

const whyHtml = ({ name, verdict, alarms }: Digest): Html =>
  verdict.tone === 'good'
    ? html`${name}`
    : html`<strong>${verdict.word}.</strong> ${verdict.tone === 'note' ? alarms.join(', ') : verdict.sentence}`;

const shareWords = (share: Share | undefined, verb: string): Html | false =>
  share !== undefined &&
  share.all > 0 &&
  html`<span class="${share.have < share.all ? 'warn' : ''}">${share.have}/${share.all} ${verb}</span>`;
