/** The contract of ZoneClient on a real BIND: by our own packets over TCP and UDP, and by nsupdate. */
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { afterAll, beforeAll, expect } from 'vitest';
import type { Fqdn } from '../../src/core/units.ts';
import { systemClock } from '../../src/daemon/clock.ts';
import { type NameserverOptions, openZoneClient } from '../../src/dns/open-zone-client.ts';
import { livingProcesses } from '../../src/lab/processes.ts';
import { type BindFixture, startBind } from '../lab/bind-fixture.ts';
import { type ClientVariation, type Subject, zoneClientContract } from './zone-client.contract.ts';

let bind: BindFixture;
let keyText: string;
let deadPort: number;

beforeAll(async () => {
  bind = await startBind({ clusters: ['shop', 'blog'] });
  keyText = await readFile(bind.keyFile, 'utf8');
  deadPort = await closedPort();
});
afterAll(async () => {
  await bind.stop();
  expect(livingProcesses()).toEqual([]);
});

const optionsOf = (via: Pick<NameserverOptions, 'via' | 'transport'>): NameserverOptions => ({
  name: 'ns1',
  address: bind.primary.address,
  port: bind.primary.port,
  ...via,
  keyFile: bind.keyFile,
  fudgeMs: 30_000,
  timeoutMs: 2000,
  verify: [bind.primary, bind.secondary].map(({ address, port }) => ({ host: address, port })),
  nsupdateCommand: [bind.programs.nsupdate],
});

const subjectOf = (via: Pick<NameserverOptions, 'via' | 'transport'>): Subject => ({
  zone: `${bind.zone}.` as Fqdn,
  clusters: ['shop', 'blog'],
  open: async (variation = {}) => {
    const port = variation.down ? { port: deadPort } : {};
    const options = { ...optionsOf(via), ...port, keyText: keyTextOf(variation) };
    const opened = await openZoneClient(options, variation.clock ?? systemClock);
    if (opened.kind === 'failed') throw new Error(opened.failure.message);
    expect(opened.warnings).toEqual([]);
    return opened.client;
  },
});

function keyTextOf({ key }: ClientVariation): string {
  if (key === 'unknown-name') return keyText.replace(bind.keyName, 'nobody');
  if (key === 'wrong-secret') return keyText.replace(/secret "[^"]+"/, `secret "${Buffer.alloc(32, 7).toString('base64')}"`);
  return keyText;
}

zoneClientContract('rfc2136 over TCP', () => subjectOf({ via: 'rfc2136', transport: 'tcp' }), { setClock: true });
zoneClientContract('rfc2136 over UDP', () => subjectOf({ via: 'rfc2136', transport: 'udp' }), { setClock: true });
zoneClientContract('nsupdate', () => subjectOf({ via: 'nsupdate', transport: 'tcp' }), { setClock: false });

/** A port of 127.0.0.1 that nobody listens on. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
