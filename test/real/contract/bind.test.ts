/**
 * Runs the contract of ZoneClient on every available BIND: with our own packets over TCP and UDP, and with
 * every nsupdate.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Fqdn, MonoMs } from '../../../src/core/model/units.ts';
import { systemClock } from '../../../src/daemon/clock.ts';
import { type NameserverOptions, openZoneClient } from '../../../src/dns/open-zone-client.ts';
import { findFreePort } from '../../../src/lab/host/free-ports.ts';
import { livingProcesses } from '../../../src/lab/host/processes.ts';
import { answerTo, startFakeNameserver } from '../../support/fake-nameserver.ts';
import { type BindFixture, startBind } from '../../support/servers/bind-fixture.ts';
import { byVersion, everyBind } from '../../support/servers/nameservers.ts';
import { bindDifferences, type Subject, variedKeyText } from '../../support/subject.ts';
import { zoneClientContract } from '../../support/zone-client.contract.ts';

const binds = await everyBind();

describe.each(byVersion(binds))('BIND %s', (_version, programs) => {
  let bind: BindFixture;
  let keyText: string;
  let deadPort: number;

  beforeAll(async () => {
    // The nameserver decides which names are good, and this one takes all.
    const adjust = (_role: unknown, text: string) =>
      text.replace(/^zone .*\{$/m, (line) => `${line}\n    check-names ignore;`);
    bind = await startBind({ clusters: ['shop', 'blog'], programs, adjust });
    keyText = await readFile(bind.keyFile, 'utf8');
    deadPort = await findFreePort(['127.0.0.1'], { udp: true });
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

  const subjectOf = (
    via: Pick<NameserverOptions, 'via' | 'transport'>,
    nsupdate = programs.nsupdate,
  ): Subject => ({
    zone: `${bind.zone}.` as Fqdn,
    clusters: ['shop', 'blog'],
    nameservers: 2,
    differences: bindDifferences,
    open: async (variation = {}) => {
      const port = variation.down ? { port: deadPort } : {};
      const timeout = variation.hasty && via.transport === 'udp' ? { timeoutMs: 400 } : {};
      const options = {
        ...optionsOf(via),
        nsupdateCommand: [nsupdate],
        ...port,
        ...timeout,
        keyText: variedKeyText(keyText, variation),
      };
      const opened = await openZoneClient(options, variation.clock ?? systemClock);
      if (opened.kind === 'failed') throw new Error(opened.failure.message);
      expect(opened.warnings).toEqual([]);
      return opened.client;
    },
  });

  zoneClientContract('rfc2136 over TCP', () => subjectOf({ via: 'rfc2136', transport: 'tcp' }), {
    setClock: true,
  });
  zoneClientContract('rfc2136 over UDP', () => subjectOf({ via: 'rfc2136', transport: 'udp' }), {
    setClock: true,
  });
  for (const { version, nsupdate } of binds) {
    // A process takes 20 to 70 ms, so only the nsupdate of this named's version runs the long race.
    const raceRounds = version === programs.version ? 25 : 3;
    zoneClientContract(
      `nsupdate ${version}`,
      () => subjectOf({ via: 'nsupdate', transport: 'tcp' }, nsupdate),
      {
        setClock: false,
        raceRounds,
      },
    );
  }

  test('a nameserver that hangs gives unknown by the deadline, and is used again when it goes on', async () => {
    for (const via of ['rfc2136', 'nsupdate'] as const) {
      const client = await subjectOf({ via, transport: 'tcp' }).open();
      const name = `source.shop.${bind.zone}.` as Fqdn;
      const plan = {
        zone: `${bind.zone}.` as Fqdn,
        prerequisites: [],
        changes: [{ kind: 'delete-rrset', name, type: 'AAAA' } as const],
      };
      const soon = (ms: number) => (systemClock.mono() + ms) as MonoMs;
      await bind.primary.suspend();
      const begin = systemClock.mono();
      const outcome = await client.update({ plan, notAfter: soon(300), deadline: soon(300) });
      expect(outcome).toMatchObject({ kind: 'unknown', failure: { code: 'no-answer' } });
      expect(systemClock.mono() - begin).toBeLessThan(1000);
      bind.primary.resume();
      expect(await client.update({ plan, notAfter: soon(5000), deadline: soon(5000) })).toEqual({
        kind: 'applied',
      });
      expect(await client.read({ questions: [{ name, type: 'A' }], deadline: soon(5000) })).toMatchObject({
        kind: 'read',
      });
      await client.close();
    }
  });

  test('a nameserver that was killed is found again', async () => {
    const client = await subjectOf({ via: 'rfc2136', transport: 'tcp' }).open();
    const questions = [{ name: `source.shop.${bind.zone}.` as Fqdn, type: 'A' as const }];
    const read = () => client.read({ questions, deadline: (systemClock.mono() + 5000) as MonoMs });
    expect(await read()).toMatchObject({ kind: 'read' });
    await bind.primary.kill9();
    expect(await read()).toMatchObject({ kind: 'failed', failure: { code: 'connection-refused' } });
    await bind.primary.start();
    expect(await read()).toMatchObject({ kind: 'read' });
    await client.close();
  });

  test.each([
    [0, 'unsigned-answer'],
    [5, 'update-refused'],
    [8, 'unsigned-answer'],
  ])('nsupdate reports unknown when a forger answers RCODE %i without a signature', async (rcode, code) => {
    const forger = await startFakeNameserver((message, reply) => reply(answerTo(message, { rcode })));
    const opened = await openZoneClient(
      { ...optionsOf({ via: 'nsupdate', transport: 'tcp' }), port: forger.port },
      systemClock,
    );
    if (opened.kind === 'failed') throw new Error(opened.failure.message);
    const soon = (systemClock.mono() + 2000) as MonoMs;
    const plan = { zone: `${bind.zone}.` as Fqdn, prerequisites: [], changes: [] };
    expect(await opened.client.update({ plan, notAfter: soon, deadline: soon })).toMatchObject({
      kind: 'unknown',
      failure: { code },
    });
    await opened.client.close();
    await forger.close();
  });

  test('nsupdate gets no secret in its arguments', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'source-dns-argv-'));
    const spy = join(folder, 'spy');
    await writeFile(spy, '#!/bin/sh\ncat "/proc/$$/cmdline" > "$0.argv"\nexec "$@"\n', { mode: 0o755 });
    const options = {
      ...optionsOf({ via: 'nsupdate', transport: 'tcp' }),
      nsupdateCommand: [spy, bind.programs.nsupdate],
    };
    const opened = await openZoneClient(options, systemClock);
    if (opened.kind === 'failed') throw new Error(opened.failure.message);
    const soon = (systemClock.mono() + 2000) as MonoMs;
    const plan = { zone: `${bind.zone}.` as Fqdn, prerequisites: [], changes: [] };
    expect(await opened.client.update({ plan, notAfter: soon, deadline: soon })).toEqual({ kind: 'applied' });
    await opened.client.close();
    const secret = /secret "([^"]+)"/.exec(keyText)![1]!;
    expect((await readFile(`${spy}.argv`, 'utf8')).split('\0').slice(3)).toEqual([
      '-v',
      '-r',
      '0',
      '-t',
      '2',
      '',
    ]);
    expect(await readFile(`${spy}.argv`, 'utf8')).not.toContain(secret);
    await rm(folder, { recursive: true });
  });
});
