/** Shows that the ledger is written and read as docs/LEDGER.md promises. */

import { describe, expect, test } from 'vitest';
import { longestHost } from '../../../../src/config/server-address.ts';
import {
  formFits,
  formText,
  type Ledger,
  replicasText,
  withReplicas,
} from '../../../../src/core/model/ledger.ts';
import { readLedger, writeLedger } from '../../../../src/core/model/ledger-text.ts';
import type { ServerAddress, ServerId } from '../../../../src/core/model/units.ts';
import { address, fqdn, ledgerOf, random, uuid } from '../../../support/given.ts';

const promised = [
  'v=1',
  'cluster=shop',
  'epoch=7',
  'source=db2.example.com:3307',
  `uuid=${uuid('db2')}`,
  'by=watcher-1',
  'at=2026-11-22T11:30:00.123Z',
  'why=failover',
  'try=k3v9',
  'form=address/5/192.0.2.12,2001:db8::12',
  `line=${uuid('db1')}:48211`,
];

/** The ledger in these character-strings; throws where they are no ledger. */
function read(strings: readonly string[]): Ledger {
  const reading = readLedger([strings]);
  if (reading.kind !== 'ledger') throw new Error(JSON.stringify(reading));
  return reading.ledger;
}

const why = (strings: readonly string[]): string | undefined => {
  const reading = readLedger([strings]);
  return reading.kind === 'unreadable' ? reading.why : undefined;
};

const replaced = (name: string, field: string): readonly string[] =>
  promised.map((old) => (old.startsWith(`${name}=`) ? field : old));

describe('the ledger (docs/LEDGER.md)', () => {
  test('is read field by field', () => {
    expect(read(promised)).toEqual({
      cluster: 'shop',
      epoch: 7,
      source: 'db2.example.com:3307',
      uuid: uuid('db2'),
      by: 'watcher-1',
      at: '2026-11-22T11:30:00.123Z',
      why: 'failover',
      try: 'k3v9',
      form: { type: 'address', ttlSeconds: 5, targets: ['192.0.2.12', '2001:db8::12'] },
      line: { uuid: uuid('db1'), gno: 48211 },
      was: [],
      unknown: [],
    });
  });

  test('says only of former sources that somebody opened them', () => {
    const was = [`was=${uuid('db1')}@db1:3306`, 'was=mariadb:9@db4:3306@db4:3306'];
    const opened = [uuid('db4'), 'mariadb:9@db4:3306', uuid('db1')].map((id) => `opened=${id}`);
    const ledger = read([...promised, ...was, ...opened]);
    expect(ledger.opened).toEqual([uuid('db1'), 'mariadb:9@db4:3306']);
    expect(ledger.unknown).toEqual([]);
    expect(writeLedger({ ...ledger, was: ledger.was.slice(1) }).slice(promised.length)).toEqual([
      'was=mariadb:9@db4:3306@db4:3306',
      'opened=mariadb:9@db4:3306',
    ]);
  });

  test('is written in the promised order, then own, was, opened, next, frozen and unknown fields', () => {
    const fields = [
      ...promised,
      `own=${uuid('db2')}:0`,
      `was=${uuid('db1')}@db1:3306`,
      `was=${uuid('db3')}@db3:3306`,
      `opened=${uuid('db3')}`,
      `next=${uuid('db4')},2026-11-22T12:00:00.000Z`,
      'frozen=root@watcher-1: a new rack: ours',
      'colour=green',
    ];
    expect(writeLedger(read(fields))).toEqual(fields);
  });

  test('leaves line out without GTIDs', () => {
    expect(writeLedger(read(promised.slice(0, 10)))).toEqual(promised.slice(0, 10));
  });

  test('is read in any order, and written in the promised order', () => {
    expect(writeLedger(read(promised.toReversed()))).toEqual(promised);
  });

  test('names former sources by an identity that may contain an @ (MariaDB)', () => {
    const was = 'was=mariadb:7@db7.example.com:3306@db7.example.com:3306';
    expect(read([...promised, was]).was).toEqual([
      { uuid: 'mariadb:7@db7.example.com:3306', address: 'db7.example.com:3306' },
    ]);
    expect(writeLedger(read([...promised, was]))).toContain(was);
    const source = replaced('uuid', 'uuid=mariadb:7@db7.example.com:3306');
    expect(read(source).uuid).toBe('mariadb:7@db7.example.com:3306');
  });

  test('says who froze the name, and why', () => {
    expect(read([...promised, 'frozen=root: rack: 7']).frozen).toEqual({ by: 'root', reason: 'rack: 7' });
    expect(read([...promised, 'frozen=root: ']).frozen).toEqual({ by: 'root', reason: '' });
    expect(read([...promised, 'frozen=root']).frozen).toEqual({ by: 'root', reason: '' });
  });

  test('without addresses means that the name is withdrawn', () => {
    expect(read(replaced('form', 'form=address/5/')).form).toEqual({
      type: 'address',
      ttlSeconds: 5,
      targets: [],
    });
  });
});

describe('the rules of the replicas in the ledger', () => {
  const rules = {
    name: fqdn('replicas.example.'),
    ttlSeconds: 5,
    maxLagMs: 10_000,
    whenEmpty: 'keep',
  } as const;

  test('follow the form, and are read as they were written', () => {
    const ledger = withReplicas(read(promised), rules);
    expect(writeLedger(ledger)).toEqual(promised.toSpliced(10, 0, 'replicas=replicas.example./5/10000/keep'));
    expect(read(writeLedger(ledger))).toEqual(ledger);
    expect(writeLedger(withReplicas(ledger, undefined))).toEqual(promised);
  });

  test('may have a name with slashes (RFC 2317)', () => {
    const odd = { ...rules, name: fqdn('0/25.2.0.192.example.') };
    expect(read(writeLedger(withReplicas(read(promised), odd))).replicas).toEqual(odd);
  });

  test('are copied unchanged when this version does not know their words', () => {
    const strange = 'replicas=replicas.example./5/10000/nearest';
    const ledger = read([...promised, strange]);
    expect(ledger.replicas).toBeUndefined();
    expect(writeLedger(withReplicas(ledger, rules)).filter((field) => field.startsWith('replicas='))).toEqual(
      ['replicas=replicas.example./5/10000/keep', strange],
    );
  });

  test('are not written for a name that is too long: a cut name would differ for ever', () => {
    const long = { ...rules, name: fqdn(`${'a'.repeat(240)}.example.`) };
    expect(replicasText(long)).toBe('');
    expect(withReplicas(read(promised), long)).toEqual(read(promised));
  });
});

describe('a field of another version', () => {
  test('is copied unchanged, byte for byte and also without a value', () => {
    const unknown = ['colour=green', 'x', '', '=', 'a=b=c', `long=${'x'.repeat(250)}`, 'latin=\u00e9\u0000'];
    expect(read([...promised, ...unknown]).unknown).toEqual(unknown);
    expect(writeLedger(read([...promised, ...unknown])).slice(promised.length)).toEqual(unknown);
  });

  test('must not be ignored where its name says so', () => {
    expect(why([...promised, '!quorum=3'])).toContain('!quorum');
    expect(why([...promised, '!'])).toContain('"!"');
  });

  test('makes the ledger of another version untouchable', () => {
    expect(why(replaced('v', 'v=2'))).toBe('is of version 2, not 1');
    expect(why(replaced('v', 'v='))).toContain('version');
    expect(why(promised.slice(1))).toBe('has no field v=');
  });
});

describe('no ledger', () => {
  test('is absent without a TXT RR', () => expect(readLedger([])).toEqual({ kind: 'absent' }));

  test('is there with several TXT RRs', () => {
    expect(readLedger([promised, promised])).toEqual({ kind: 'unreadable', why: 'has 2 TXT RRs, not one' });
    expect(readLedger([promised, ['hello']]).kind).toBe('unreadable');
  });

  test.each([
    ['nothing', []],
    ['an empty string', ['']],
    ['the text of somebody else', ['v=spf1 -all']],
    ['an epoch of zero', replaced('epoch', 'epoch=0')],
    ['a negative epoch', replaced('epoch', 'epoch=-1')],
    ['an epoch that is no number', replaced('epoch', 'epoch=7e3')],
    ['an epoch above 2^53', replaced('epoch', 'epoch=99999999999999999')],
    ['a form of another kind', replaced('form', 'form=alias/5/x.')],
    ['a form without a TTL', replaced('form', 'form=address')],
    ['a line without a number', replaced('line', `line=${uuid('db1')}`)],
    ['a line without a UUID', replaced('line', 'line=:5')],
    ['a former source without an address', [...promised, `was=${uuid('db1')}`]],
    ['a former source without an identity', [...promised, 'was=@db1:3306']],
    ['a field that occurs twice', [...promised, 'epoch=8']],
    ['a field without =', replaced('by', 'by')],
  ])('is there for %s', (_, strings) => expect(readLedger([strings]).kind).toBe('unreadable'));

  test.each(promised.slice(0, 10).map((field) => field.slice(0, field.indexOf('='))))(
    'is there without the field %s',
    (name) => {
      expect(why(promised.filter((field) => !field.startsWith(`${name}=`)))).toContain(`${name}=`);
    },
  );
});

describe('the bounds of the ledger', () => {
  test('no character-string is longer than 255 bytes, and free text is printable ASCII', () => {
    const frozen = { by: 'root', reason: `an \u00e9t\u00e9\n${'x'.repeat(1000)}` };
    const strings = writeLedger(ledgerOf('db1', { frozen }));
    expect(strings.every((text) => text.length <= 255 && /^[ -~]*$/.test(text))).toBe(true);
    expect(strings.at(-1)).toMatch(/^frozen=root: an \?t\?\?x+$/);
  });

  test('a form that does not fit is refused before the write', () => {
    const form = (count: number) => ({
      type: 'address' as const,
      ttlSeconds: 5,
      targets: Array.from({ length: count }, () => '192.0.2.100'),
    });
    expect(formFits(form(20))).toBe(true);
    expect(formFits(form(21))).toBe(false);
    expect(`form=${formText(form(20))}`.length).toBeLessThanOrEqual(255);
  });

  test('a server with the longest host name that a configuration may have is written whole', () => {
    const host = `${'h'.repeat(longestHost)}:65535` as ServerAddress;
    const mariadb = `mariadb:4294967295@${host}` as ServerId;
    // The identity and the address of a MariaDB server do not both fit: the address is written once.
    const ledger = ledgerOf('db1', {
      source: host,
      uuid: mariadb,
      was: [uuid('db2'), mariadb].map((id) => ({ uuid: id, address: host })),
    });
    expect(read(writeLedger(ledger))).toEqual(ledger);
  });
});

describe('any ledger, with a fixed seed', () => {
  const pick = random(20_261_122);
  const one = <T>(values: readonly T[]): T => values[pick(values.length)]!;

  function anyLedger(): Ledger {
    const names = ['db1', 'db2', 'db3'];
    const name = one(names);
    return ledgerOf(name, {
      epoch: 1 + pick(1e9),
      form: one([
        { type: 'address', ttlSeconds: pick(100), targets: ['192.0.2.1', '2001:db8::1'].slice(pick(3)) },
        { type: 'cname', ttlSeconds: 0, targets: ['db1.example.'] },
      ]),
      ...(pick(2) === 0 ? { line: { uuid: uuid(one(names)), gno: 1 + pick(1e6) } } : {}),
      was: names.slice(pick(4)).map((former) => ({
        uuid: one([uuid(former), `mariadb:3@${address(former)}` as ServerId]),
        address: address(former),
      })),
      ...(pick(2) === 0 ? { next: { uuid: uuid(one(names)), until: '2026-11-22T12:00:00.000Z' } } : {}),
      ...(pick(2) === 0 ? { frozen: { by: 'root', reason: one(['', 'x', 'a: b', 'f=1']) } } : {}),
      unknown: ['colour=green', 'x', ''].slice(pick(4)),
    });
  }

  test('is read as it was written', () => {
    for (let round = 0; round < 2000; round += 1) {
      const ledger = anyLedger();
      expect(read(writeLedger(ledger))).toEqual(ledger);
    }
  });

  test('is read without an exception, whatever anybody made of it', () => {
    const letters = [
      '=',
      '!',
      '@',
      ':',
      ',',
      '/',
      ' ',
      'v',
      '1',
      '-',
      '\u0000',
      '\u00ff',
      'was',
      'next=',
      'frozen=',
    ];
    const noise = () => Array.from({ length: pick(9) }, () => one(letters)).join('');
    for (let round = 0; round < 20_000; round += 1) {
      const strings = writeLedger(anyLedger()).map((text) => (pick(6) === 0 ? noise() : text));
      const mangled = [...strings.slice(pick(3)), ...(pick(2) === 0 ? [noise()] : [])];
      const reading = readLedger(pick(9) === 0 ? [mangled, mangled] : [mangled]);
      // Whatever can be read can be written, and says the same again.
      if (reading.kind === 'ledger') expect(readLedger([writeLedger(reading.ledger)]).kind).toBe('ledger');
    }
  });
});
