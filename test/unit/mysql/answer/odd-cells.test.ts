/** Cells of the wrong type, length or characters: none of them reaches the state, the ledger or the log. */

import { describe, expect, test } from 'vitest';
import { maxTextLength } from '../../../../src/mysql/answer/limits.ts';
import { RowReader } from '../../../../src/mysql/answer/row.ts';
import { boundedLine } from '../../../../src/mysql/answer/text.ts';
import { readUptime } from '../../../../src/mysql/flavour/flavour.ts';
import { mysql8 } from '../../../../src/mysql/flavour/mysql-8.ts';
import { changed, factsOf, readAnswers, recording } from '../../../support/recorded.ts';

const replica = recording('mysql-9.7').cases['replica-on']!;

describe('a name in a row', () => {
  test.each([
    ['an escape', 'ch\u001b[31m'],
    ['an end of a line', 'ch\n{"level":60}'],
    ['a line separator', 'ch\u2028'],
    ['half a character', 'ch\ud800'],
    ['another direction of writing', 'ch\u202egnp.exe'],
    ['too long', 'x'.repeat(maxTextLength + 1)],
    ['a number', 7],
    ['bytes', Buffer.from('ch')],
  ])('that is or has %s is odd', (_, name) => {
    expect(readAnswers(mysql8, changed(replica, 'server', { channel: name }))).toMatchObject({
      kind: 'failed',
      failure: { code: 'rows-unexpected', message: expect.stringContaining('channel') },
    });
  });

  test.each(['', 'kanal-ä', 'チャンネル', 'a b'])('is accepted: %j', (name) => {
    expect(factsOf(mysql8, changed(replica, 'server', { channel: name })).channels[0]?.name).toBe(name);
  });

  test('an inherited property is no column', () => {
    const reader = new RowReader({});
    expect([reader.text('constructor'), reader.oddColumn]).toEqual(['', 'constructor']);
  });
});

describe('a number', () => {
  test.each(['', ' 1', '1 ', '0x10', '1e999', 'Infinity', 'NaN', '1_0', '--1', '٣'])(
    '%j is no number',
    (text) => {
      const reader = new RowReader({ n: text });
      expect([reader.number('n'), reader.oddColumn]).toEqual([0, 'n']);
    },
  );

  test.each([
    ['30.000', 30],
    ['-1', -1],
    ['1e3', 1000],
  ])('%s is %d', (text, number) => {
    expect(new RowReader({ n: text }).number('n')).toBe(number);
  });

  test.each(['-1', '65536', '3306.5', '1e300'])('%s is no port', (port) => {
    expect(readAnswers(mysql8, changed(replica, 'server', { source_port: port }))).toMatchObject({
      kind: 'failed',
    });
  });

  test.each(['-1', '1e300', ''])('%j is no time since the start', (text) => {
    expect(readUptime([{ Value: text }])).toBeUndefined();
  });
});

describe('text for people is one bounded line', () => {
  test('an error of a channel', () => {
    const { channels } = factsOf(
      mysql8,
      changed(replica, 'server', {
        receiver: 'OFF',
        receiver_errno: '1236',
        receiver_error: `one\ntwo\u001b[2J\u2028${'x'.repeat(999)}`,
      }),
    );
    expect(channels[0]?.lastError).toMatch(/^one two \[2J x{1,190}…$/);
  });

  test('a version', () => {
    expect(
      factsOf(mysql8, changed(replica, 'server', { version: '9.7.4\u001b[31m\nroot' })).version.text,
    ).toBe('9.7.4 [31m root');
  });

  test('a reported host', () => {
    for (const hostname of ['db1\u001b[31m', 'db1 db2', 'db1\n', 7, 'x'.repeat(256)]) {
      expect(factsOf(mysql8, changed(replica, 'server', { hostname })).home).toBeUndefined();
    }
  });

  test('without direction marks', () => {
    expect(boundedLine('a\u202eb\u2066c')).toBe('a b c');
  });
});

describe('a GTID set', () => {
  test.each([
    ['an escape', '\u001b'],
    ['text', 'x'],
    ['a number', 7],
    ['nothing', undefined],
  ])('that is or has %s is odd', (_, set) => {
    const uuid = '3e11fa47-71ca-11e1-9e33-c80aa9429562';
    const cell = typeof set === 'string' ? `${uuid}:1-5${set}` : set;
    expect(readAnswers(mysql8, changed(replica, 'server', { gtid_executed: cell }))).toMatchObject({
      kind: 'failed',
      failure: { message: expect.stringContaining('gtid_executed') },
    });
  });
});
