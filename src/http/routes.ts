/** The routes that only read, in one table. A route returns a document or a problem, and writes nothing. */

import { type AdviceAim, adviceAims } from '../core/model/procedure.ts';
import { findServer } from '../daemon/find-server.ts';
import { clustersText, notReady, shared } from './all-clusters.ts';
import type { ClusterApi } from './cluster-api.ts';
import { adviceDocument, clusterDocument } from './documents.ts';
import { problem } from './problem.ts';
import { type Call, document, failed, type Reply, type Route, route } from './route.ts';

/** How many clusters `/readyz` names. */
const namesAtMost = 20;

const living = document({ status: 'ok' });

/** Of one server: the requests for all clusters share the work. */
export const readRoutes = (
  allClusters = shared(clustersText),
  allNotReady = shared(notReady),
): readonly Route[] => [
  route({
    method: 'GET',
    url: '/healthz',
    isHealthCheck: true,
    doc: { summary: 'The process lives', answer: 'Health' },
    answer: () => living,
    whileStarting: living,
  }),
  route({
    method: 'GET',
    url: '/readyz',
    isHealthCheck: true,
    doc: {
      summary: 'Every cluster was decided once, and its nameserver answered (else 503)',
      answer: 'Readiness',
    },
    answer: async ({ api }) => readiness(await allNotReady(api)),
  }),
  route({
    method: 'GET',
    url: '/v1/clusters',
    doc: { summary: 'All clusters', answer: 'Clusters' },
    answer: async ({ api }) => ({ kind: 'json', bytes: await allClusters(api) }),
  }),
  route({
    method: 'GET',
    url: '/v1/clusters/:c',
    doc: { summary: 'One cluster', answer: 'Cluster' },
    answer: ({ api, cluster }) => document({ ...clusterOf(api, cluster), ...aboutDaemon(api) }),
  }),
  route({
    method: 'GET',
    url: '/v1/clusters/:c/history',
    doc: { summary: 'Moves, holds, alarms and failures, oldest first', answer: 'History' },
    answer: ({ api, cluster }) => document({ entries: api.history(cluster) }),
  }),
  route({
    method: 'GET',
    url: '/v1/clusters/:c/advice',
    doc: {
      summary: "The manual's procedure for a person",
      answer: 'Advice',
      query: { to: `one of ${adviceAims.join(', ')}`, server: 'host, or host:port' },
    },
    answer: advice,
  }),
];

const clusterOf = (api: ClusterApi, name: string) => {
  const snapshot = api.snapshot(name);
  return snapshot && clusterDocument(snapshot);
};

const aboutDaemon = (api: ClusterApi) => (api.daemon === undefined ? {} : { daemon: api.daemon() });

const readiness = (waiting: readonly string[]): Reply =>
  waiting.length === 0
    ? document({ status: 'ready' })
    : failed(problem('not-ready', `not ready: ${bounded(waiting)}`));

/** A thousand clusters that start are one line, too. */
const bounded = (all: readonly string[]): string =>
  all.length <= namesAtMost
    ? all.join(', ')
    : `${all.slice(0, namesAtMost).join(', ')} and ${all.length - namesAtMost} more`;

const isAim = (text: string): text is AdviceAim => adviceAims.some((aim) => aim === text);

/** `?to=` and `?server=` may both be absent. */
function advice({ api, cluster, query }: Call): Reply {
  const { to: aim, server: text } = query;
  if (aim !== undefined && !isAim(aim))
    return failed(problem('bad-request', `to must be one of ${adviceAims.join(', ')}, not "${aim}"`));
  const found = text === undefined ? undefined : serverOf(api, cluster, text);
  if (found?.kind === 'not-found') return failed(problem('unknown-server', found.sentence));
  const given = api.advice(cluster, { aim, server: found?.server });
  return given === undefined
    ? failed(problem('unknown-cluster', `the cluster ${cluster} was removed meanwhile`))
    : document(adviceDocument(cluster, given));
}

export const serverOf = (api: ClusterApi, cluster: string, text: string) =>
  findServer(text, api.snapshot(cluster)?.servers.map(({ server }) => server) ?? []);
