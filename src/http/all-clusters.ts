/**
 * What is asked of all clusters. A thousand take longer than a failover may wait, so the work is done in
 * slices. However many ask, it is done once at a time, and rests in between.
 */

import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import type { ClusterApi } from './cluster-api.ts';
import { clusterDocument, type DaemonDocument, whyNotReady } from './documents.ts';

/** The work goes on no longer than this before others get their turn. */
const sliceMs = 4;
/** After the work it rests for so many times as long as the work took. */
const restTimes = 2;

/** The results of `work`, with turns for others. */
export async function inSlices<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Result,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  let begun = performance.now();
  for (const item of items) {
    results.push(work(item));
    if (performance.now() - begun < sliceMs) continue;
    await nextTurn();
    begun = performance.now();
  }
  return results;
}

/** `make` for all who ask: once at a time, with a rest in between. No answer is older than its request. */
export function shared<Result>(
  make: (api: ClusterApi) => Promise<Result>,
): (api: ClusterApi) => Promise<Result> {
  let running: Promise<Result> | undefined;
  let next: Promise<Result> | undefined;
  let rested: Promise<unknown> = Promise.resolve();

  async function work(api: ClusterApi): Promise<Result> {
    const begun = performance.now();
    const result = await make(api);
    const took = performance.now() - begun;
    // In one slice it was no burden.
    rested = took < sliceMs ? Promise.resolve() : delay(took * restTimes, undefined, { ref: false });
    return result;
  }

  function begin(api: ClusterApi): Promise<Result> {
    const made = work(api).finally(() => {
      running = undefined;
    });
    running = made;
    return made;
  }

  return (api) => {
    // What is being made has perhaps read already what has changed since.
    next ??= Promise.allSettled([running])
      .then(() => rested)
      .then(() => {
        next = undefined;
        return begin(api);
      });
    return next;
  };
}

/** The JSON of `GET /v1/clusters`. */
export async function clustersText(api: ClusterApi): Promise<Buffer> {
  const daemon = api.daemon?.();
  const parts = await inSlices(api.clusters(), (name) => {
    const snapshot = api.snapshot(name);
    return snapshot === undefined ? [] : [JSON.stringify(clusterDocument(snapshot))];
  });
  return Buffer.from(`${head(daemon)}${parts.flat().join(',')}]}\n`);
}

/** Each cluster that is not ready, and why, for `GET /readyz`. */
export async function notReady(api: ClusterApi): Promise<readonly string[]> {
  const found = await inSlices(api.clusters(), (name) => {
    const snapshot = api.snapshot(name);
    const why = snapshot && whyNotReady(snapshot);
    return why === undefined ? [] : [`${name} (${why})`];
  });
  return found.flat();
}

const head = (daemon: DaemonDocument | undefined): string =>
  daemon === undefined ? '{"clusters":[' : `{"daemon":${JSON.stringify(daemon)},"clusters":[`;
