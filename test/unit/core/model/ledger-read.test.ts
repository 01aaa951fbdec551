/** Shows that any ledger that can be read can be written again, and reads the same, also after a move. */

import { describe, expect, test } from 'vitest';
import { formerLimit, highestEpoch } from '../../../../src/core/model/ledger.ts';
import { readLedger, writeLedger } from '../../../../src/core/model/ledger-text.ts';
import { splitAddress } from '../../../../src/core/model/observation.ts';
import type { ServerAddress } from '../../../../src/core/model/units.ts';
import { wantedForForm } from '../../../../src/core/publish/desired.ts';
import { intendedWrite } from '../../../../src/core/publish/intent.ts';
import { planUpdate } from '../../../../src/core/publish/plan.ts';
import { buildUpdate } from '../../../../src/dns/message/update.ts';
import { address, factsOf, given, ledgerOf, random, seen, silent, uuid } from '../../../support/given.ts';

const letters = (count: number): string => 'abcdefghij'.repeat(30).slice(0, count);
const db = (number: number): string => `${uuid(`db${number}`)}@db${number}:3306`;

/** What anybody may write into a field, well or badly. */
const odd = [
  '',
  ' ',
  '-',
  '0',
  '00000000000000007',
  '-1',
  '1e3',
  '9007199254740993',
  '18446744073709551616',
  '\u0000',
  'a\nb',
  'müller',
  '\u007f\u0080\u00ff',
  'a,b,c',
  'a@b@c:3306',
  'a: b: c',
  ': ',
  '=',
  letters(60),
  letters(220),
  letters(255),
];

const values: Readonly<Record<string, readonly string[]>> = {
  v: ['1', '2', '01'],
  cluster: ['shop', letters(63)],
  epoch: [
    '1',
    '000000000000007',
    '999999999999998',
    '999999999999999',
    '1000000000000000',
    '9999999999999999',
    '0',
    '+7',
    '7.0',
  ],
  source: [
    'db1:3306',
    'db1',
    'db1:',
    ':3306',
    'db1:99999',
    'db1:0',
    '[2001:db8::1]:3306',
    'a@b:3306',
    `${letters(170)}:3306`,
  ],
  uuid: [uuid('db1'), '-', 'mariadb:7@db1:3306', 'mariadb:7@db2:3306', `aurora:${letters(63)}`, 'a@b'],
  by: ['watcher-1', letters(64)],
  at: ['2026-11-22T11:30:00.123Z', 'yesterday'],
  why: ['failover', 'a new reason'],
  try: ['t1', letters(100)],
  form: [
    'address/5/192.0.2.1',
    'address/5/',
    'address/0/192.0.2.1,2001:db8::1',
    'address/2147483647/192.0.2.1',
    'address/2147483648/192.0.2.1',
    'address/9999999999/192.0.2.1',
    'address/05/192.0.2.1',
    'address/5/db1',
    'address/5/192.0.2.1,',
    'address/5/192.0.2.001',
    'address/5/2001:DB8:0::1',
    'cname/5/db1.example.com.',
    'cname/5/db1.example.com',
    'cname/5/a.,b.',
    `cname/5/${letters(220)}.`,
    'mx/5/x',
  ],
  replicas: [
    'r.example.com./5/10000/source',
    'a/b/5/10000/keep',
    'r./9999999999/999999999999999/withdraw',
    'r./05/010/keep',
    'ü./5/5/keep',
  ],
  line: [`${uuid('db1')}:7`, `${uuid('db1')}:007`, '0-1:9007199254740991', '0-1:9007199254740992', '0-1:0'],
  own: [`${uuid('db1')}:7`, `${uuid('db1')}:0`, '0-1:9007199254740992', '0-1', 'x:1'],
  was: [
    db(4),
    `mariadb:9@db4:3306`,
    `mariadb:9@mariadb:9@db4:3306`,
    `@db4:3306`,
    `x@`,
    `a@b@db4:3306`,
    `${letters(70)}@${letters(175)}:1`,
  ],
  opened: [uuid('db4'), uuid('db1'), 'mariadb:9@db4:3306', 'ü', ''],
  next: [`${uuid('db2')},2026-11-22T12:00:00Z`, 'a', ',', 'a,', ',b', 'a,b,c', 'ü,b'],
  frozen: [
    'eve: why',
    'eve',
    ': why',
    'eve:',
    'eve: ',
    'a: b: c',
    'müller: Größe',
    `${letters(240)}: ${letters(5)}`,
    letters(248),
    `${letters(247)}:`,
  ],
};
const optional = ['replicas', 'line', 'own', 'was', 'opened', 'next', 'frozen'];

describe('a ledger from the zone', () => {
  const pick = random(20_261_126);
  const one = <T>(list: readonly T[]): T => list[pick(list.length)] as T;

  /** Mostly right, so that some can be read. */
  function anyStrings(): readonly string[] {
    const fields = Object.entries(values).flatMap(([name, [good = '', ...others]]) => {
      const value = (): string => (pick(10) < 7 ? good : pick(3) === 0 ? one(odd) : one([good, ...others]));
      const count = optional.includes(name)
        ? one(name === 'was' || name === 'opened' ? [0, 1, 2, 7, 9] : [0, 0, 1, 1, 2])
        : pick(200) === 0
          ? 2
          : 1;
      return Array.from({ length: count }, () => `${name}=${value()}`.slice(0, 255));
    });
    const unknown = Array.from({ length: pick(3) }, () =>
      one(['x=1', '', 'x', '=', 'frozen', 'ü=1', letters(255)]),
    );
    return [...fields, ...unknown];
  }

  test('is written as it was read, and read as it was written, also after a move', () => {
    let [read, moved] = [0, 0];
    for (let round = 0; round < 10_000; round += 1) {
      const strings = anyStrings();
      const reading = readLedger([strings]);
      if (reading.kind !== 'ledger') continue;
      read += 1;
      const { ledger } = reading;
      const again = writeLedger(ledger);
      expect(again.filter((text) => text.length > 255)).toEqual([]);
      expect({ strings, reading: readLedger([again]) }).toEqual({ strings, reading });

      const servers = { db1: silent, db2: seen(factsOf('db2')) };
      const situation = given({ servers, ledger });
      if (ledger.epoch === highestEpoch || ledger.was.length >= formerLimit) continue;
      const write = intendedWrite(situation, {
        kind: 'point-to',
        reason: 'failover',
        source: address('db2'),
        sentence: 'It moves.',
      });
      if (write === undefined) throw new Error(`no move from ${again.join(' ')}`);
      moved += 1;
      const next = writeLedger(write.ledger);
      expect(next.filter((text) => text.length > 255)).toEqual([]);
      expect({ strings, reading: readLedger([next]) }).toEqual({
        strings,
        reading: { kind: 'ledger', ledger: write.ledger },
      });
    }
    expect(Math.min(read, moved)).toBeGreaterThan(200);
  });

  test.each([
    ['two freezes', ['frozen=a: x', 'frozen=b: y'], 'more than one field frozen='],
    ['two marks', [`line=${uuid('db1')}:7`, `line=${uuid('db2')}:7`], 'more than one field line='],
    ['more fields than fit', Array.from({ length: 70 }, () => letters(255)), 'more than 16384 bytes'],
  ])('with %s is not read', (_, more, why) => {
    expect(readLedger([[...writeLedger(ledgerOf('db1')), ...more]])).toEqual({
      kind: 'unreadable',
      why: `has ${why}`,
    });
  });

  // Sentences propose commands with these addresses, and a person pastes the commands.
  test.each(['$(id)', '`id`', 'a;id', 'a b', "a'b", '-a', '[$(id)]', '../a', '*'])(
    'with the host %s is not',
    (host) => {
      const own = writeLedger(ledgerOf('db1'));
      const asSource = own.map((text) => (text.startsWith('source=') ? `source=${host}:3306` : text));
      expect(readLedger([asSource]).kind).toBe('unreadable');
      expect(readLedger([[...own, `was=${uuid('db4')}@${host}:3306`]]).kind).toBe('unreadable');
    },
  );

  test.each(['db4', 'DB-4_a.example.com', '192.0.2.4', '[2001:db8::4]'])(
    'with the host %s is read',
    (host) => {
      const ledger = ledgerOf('db1', {
        was: [{ uuid: uuid('db4'), address: `${host}:3306` as ServerAddress }],
      });
      expect(readLedger([writeLedger(ledger)])).toEqual({ kind: 'ledger', ledger });
    },
  );

  test('that somebody froze by hand, in letters of any case, is frozen', () => {
    const frozen = (text: string) => {
      const reading = readLedger([[...writeLedger(ledgerOf('db1')), text]]);
      return reading.kind === 'ledger' ? reading.ledger.frozen : undefined;
    };
    expect(frozen('frozen=m\u00fcller: Gr\u00f6\u00dfe')).toEqual({ by: 'm?ller', reason: 'Gr??e' });
    expect(frozen('frozen=')).toEqual({ by: '', reason: '' });
  });

  test('asks for nothing that cannot be sent', () => {
    let read = 0;
    for (const form of [...(values['form'] ?? []), ...odd]) {
      for (const source of values['source'] ?? []) {
        const strings = writeLedger(ledgerOf('db1')).map((text) =>
          text.startsWith('form=') ? `form=${form}` : text.startsWith('source=') ? `source=${source}` : text,
        );
        const reading = readLedger([strings]);
        if (reading.kind !== 'ledger') continue;
        read += 1;
        const situation = given({ servers: { db1: silent }, ledger: reading.ledger });
        const { publication } = situation;
        const settings = { ...situation.settings, source: { ...situation.settings.source, srv: true } };
        const wanted = wantedForForm(settings, reading.ledger.form, splitAddress(reading.ledger.source).port);
        const view = publication.zone.view;
        if (view === undefined) throw new Error('no view');
        expect({
          strings,
          built: buildUpdate(planUpdate(settings, view, reading.ledger, wanted)).kind,
        }).toEqual({
          strings,
          built: 'built',
        });
      }
    }
    expect(read).toBeGreaterThan(10);
  });
});
