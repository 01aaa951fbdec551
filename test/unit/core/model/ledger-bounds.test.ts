/** Shows, at and beyond every bound, that a ledger that we write can be read, or is refused before. */

import { describe, expect, test } from 'vitest';
import { parseHostPort, serverAddress } from '../../../../src/config/server-address.ts';
import { guard } from '../../../../src/core/decide/guard.ts';
import {
  type Form,
  formFits,
  highestEpoch,
  isMark,
  type Ledger,
  withReplicas,
} from '../../../../src/core/model/ledger.ts';
import { readLedger, writeLedger } from '../../../../src/core/model/ledger-text.ts';
import type { ServerAddress, ServerId } from '../../../../src/core/model/units.ts';
import { parseVersion } from '../../../../src/mysql/answer/version.ts';
import { aurora } from '../../../../src/mysql/flavour/aurora.ts';
import { mariadb } from '../../../../src/mysql/flavour/mariadb.ts';
import {
  address,
  factsOf,
  fqdn,
  given,
  ledgerOf,
  random,
  replicaOf,
  seen,
  silent,
  uuid,
} from '../../../support/given.ts';
import { changed, readAnswers, recording } from '../../../support/recorded.ts';

const pick = random(20_261_126);
const one = <T>(values: readonly T[]): T => values[pick(values.length)]!;
const letters = (count: number): string => 'abcdefghij'.repeat(30).slice(0, count);

const auroraAnswers = recording('aurora-3').cases['writer']!;
const mariadbAnswers = Object.values(recording('mariadb-11.8').cases)[0]!;

/** A host name of this many letters, with labels of at most 63. */
const hostOf = (length: number): string =>
  letters(length).replace(/.{60}(?=.)/g, (label) => `${label.slice(0, 59)}.`);

/** A server address, if the configuration accepts it. */
function configured(): ServerAddress | undefined {
  const host = one([
    hostOf(1 + pick(260)),
    hostOf(170 + pick(10)),
    '2001:db8:1111:2222:3333:4444:5555:6666',
    '192.0.2.1',
  ]);
  const parsed = parseHostPort(
    host.includes(':') ? `[${host}]:65535` : `${host}:${one([1, 3306, 65_535])}`,
    3306,
  );
  return parsed.kind === 'parsed' ? serverAddress(parsed.value.host, parsed.value.port) : undefined;
}

/** An identity, if the prober accepts the row that shows it. */
function observed(server: ServerAddress): ServerId | undefined {
  const auroraRows = changed(auroraAnswers, 'server', { self: letters(one([1, 62, 63, 64, 250, 260])) });
  const mariadbRows = changed(mariadbAnswers, 'server', {
    server_id: one(['1', '4294967295', '4294967296', '1e300', '-1']),
  });
  const flavour = one(['mysql', 'mysql', 'aurora', 'mariadb'] as const);
  if (flavour === 'mysql') return uuid(`db${pick(9)}`);
  const reading =
    flavour === 'aurora'
      ? readAnswers(aurora, auroraRows)
      : readAnswers(mariadb(parseVersion('11.8.2')!), mariadbRows);
  if (reading.kind === 'failed') return undefined;
  return reading.facts.id.replace('db1.example.com:3306', server) as ServerId;
}

function anyServer(): { readonly address: ServerAddress; readonly uuid: ServerId } | undefined {
  const server = configured();
  const id = server && observed(server);
  return server && id ? { address: server, uuid: id } : undefined;
}

function anyForm(): Form {
  const v6 = '2001:db8:1111:2222:3333:4444:5555:';
  const targets = Array.from({ length: pick(8) }, (_, n) => `${v6}${6000 + n}`);
  return one([
    { type: 'address', ttlSeconds: one([0, 5, 86_400]), targets },
    { type: 'cname', ttlSeconds: 86_400, targets: [`${hostOf(1 + pick(174))}.`] },
  ]);
}

/** A ledger of parts that passed their own limits; undefined: a part was refused. */
function anyLedger(): Ledger | undefined {
  const servers = Array.from({ length: 1 + pick(9) }, anyServer);
  const [source, ...was] = servers.flatMap((server) => server ?? []);
  const form = anyForm();
  const mark = {
    uuid: one([uuid('db1'), '4294967295-4294967295', `${uuid('db1')}:tag`]),
    gno: one([0, 1, Number.MAX_SAFE_INTEGER, 2 ** 53, 1.8e19]),
  };
  if (source === undefined || servers.includes(undefined) || !formFits(form)) return undefined;
  const ledger = ledgerOf('db1', {
    cluster: letters(63),
    source: source.address,
    uuid: one([source.uuid, source.uuid, '-' as ServerId]),
    by: letters(63),
    epoch: one([1, highestEpoch - 1, highestEpoch]),
    form,
    ...(isMark(mark) ? { line: mark } : {}),
    ...(isMark(mark) ? { own: { ...mark, gno: one([0, mark.gno]) } } : {}),
    was,
    ...(was.length > 0 && pick(2) ? { opened: was.map((former) => former.uuid) } : {}),
    ...(pick(2) ? { next: { uuid: source.uuid, until: '2026-11-22T12:00:00.000Z' } } : {}),
    ...(pick(2) ? { frozen: { by: letters(64), reason: letters(150) } } : {}),
  });
  const rules = {
    name: fqdn(`${hostOf(1 + pick(250))}.`),
    ttlSeconds: 86_400,
    maxLagMs: 86_400_000,
    whenEmpty: 'withdraw',
  } as const;
  return withReplicas(ledger, one([undefined, rules]));
}

test('a ledger of anything that configuration and prober accept is read as it was written', () => {
  let [written, refused] = [0, 0];
  for (let round = 0; round < 4000; round += 1) {
    const ledger = anyLedger();
    if (ledger === undefined) {
      refused += 1;
      continue;
    }
    written += 1;
    const strings = writeLedger(ledger);
    expect(strings.filter((text) => text.length > 255)).toEqual([]);
    expect(readLedger([strings])).toEqual({ kind: 'ledger', ledger });
  }
  expect(Math.min(written, refused)).toBeGreaterThan(200);
});

describe('beyond the bounds', () => {
  const strings = writeLedger(ledgerOf('db1'));
  const withField = (name: string, value: string) =>
    strings.map((text) => (text.startsWith(`${name}=`) ? `${name}=${value}` : text));

  test.each([
    ['an identity that would not fit as a former source', withField('uuid', letters(250))],
    ['an address that would not fit as a former source', withField('source', `${hostOf(200)}:3306`)],
    ['a former source with such an identity', [...strings, `was=${letters(100)}@db2:3306`]],
    ['an epoch of 16 digits', withField('epoch', '1000000000000000')],
    ['a transaction number that is not exact', [...strings, `line=${uuid('db1')}:9999999999999999`]],
    ['a transaction number of 19 digits', [...strings, `line=${uuid('db1')}:9223372036854775807`]],
    ['letters that would be written differently', withField('by', 'wätcher')],
  ])('%s is not read', (_, field) => expect(readLedger([field]).kind).toBe('unreadable'));

  test('after the highest epoch the move is held: no epoch follows', () => {
    const servers = { db1: silent, db2: seen(factsOf('db2')), db3: seen(replicaOf('db2', 'db3')) };
    const move = { kind: 'point-to', reason: 'failover', source: address('db2'), sentence: '' } as const;
    const held = (epoch: number) => guard(given({ servers, ledger: ledgerOf('db1', { epoch }) }), move);
    expect(held(highestEpoch)).toMatchObject({
      kind: 'hold',
      reason: 'ledger-full',
      sentence: expect.stringContaining('the highest that a ledger can hold'),
    });
    expect(held(highestEpoch - 1)).toEqual(move);
  });
});
