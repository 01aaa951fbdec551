/** The metrics of a whole daemon: it begins, moves its name, reloads, and is asked over its socket. */

import { mkdtemp, rm } from 'node:fs/promises';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { run } from '../../../src/cli/run.ts';
import { apiSocketPath } from '../../../src/http/unix-socket.ts';
import { commandSession } from '../../support/command-session.ts';
import { readMetrics, type Scraped, seriesNamed } from '../../support/metrics-text.ts';
import { cluster, config } from '../../support/small-world.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'source-dns-'));
});
afterEach(() => rm(folder, { recursive: true }));

const scrape = (): Promise<Scraped> =>
  new Promise((resolve, reject) => {
    const request = get({ socketPath: apiSocketPath(folder), path: '/metrics', agent: false }, (response) => {
      if (response.statusCode !== 200) return reject(new Error(`status ${response.statusCode}`));
      if (response.headers['content-type'] !== 'text/plain; version=0.0.4; charset=utf-8')
        return reject(new Error(`type ${response.headers['content-type']}`));
      text(response).then((body) => resolve(readMetrics(body)), reject);
    });
    request.on('error', reject);
  });

/** The first scrape that is so. */
async function scraped(isSo: (seen: Scraped) => boolean): Promise<Scraped> {
  const deadline = performance.now() + 10_000;
  for (;;) {
    const seen = await scrape().catch(() => undefined);
    if (seen !== undefined && isSo(seen)) return seen;
    if (performance.now() > deadline)
      throw new Error(`it never was so: ${[...(seen?.values ?? [])].join(' ')}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test('a daemon tells its first move, a refused reload, and no cluster that it has left', async () => {
  const session = commandSession(folder);
  session.load(config(folder, { clusters: [cluster('shop'), cluster('new')] }));
  const daemon = run(session.context);
  const steady =
    'source_dns_decision_info{cluster="shop",nameserver="ns1",decision="point-to",reason="steady"}';
  const moved = await scraped(({ values }) => values.has(steady));
  expect(moved.values.get('source_dns_epoch{cluster="shop",nameserver="ns1"}')).toBe(1);
  expect(moved.values.get('source_dns_moves_total{reason="first-source"}')).toBeGreaterThanOrEqual(1);
  expect(
    moved.values.get('source_dns_updates_total{nameserver="ns1",outcome="applied",rcode="NOERROR"}'),
  ).toBeGreaterThanOrEqual(1);
  expect(
    moved.values.get('source_dns_probe_duration_seconds_count{result="reachable"}'),
  ).toBeGreaterThanOrEqual(2);
  expect(moved.values.get('source_dns_config_reload_successful')).toBe(1);
  expect(
    moved.values.get(
      `source_dns_build_info{version="1.2.3",node="${process.versions.node}",instance_name="watcher-1"}`,
    ),
  ).toBe(1);

  session.load({ kind: 'invalid', file: '/c.yaml', errors: [{ file: '/c.yaml', message: 'is wrong' }] });
  session.send('SIGHUP');
  await scraped(({ values }) => values.get('source_dns_config_reload_successful') === 0);

  session.load(config(folder, { clusters: [cluster('shop')] }));
  session.send('SIGHUP');
  const left = await scraped(({ values }) => values.get('source_dns_config_reload_successful') === 1);
  expect(seriesNamed(left, 'source_dns_watched')).toEqual({ '{cluster="shop"}': 1 });
  expect([...left.values.keys()].filter((series) => series.includes('cluster="new"'))).toEqual([]);

  session.send('SIGTERM');
  expect(await daemon).toBe(0);
});
