/** Answers of the wrong form or size: each one costs one probe, and nothing else. */

import { describe, expect, test } from 'vitest';
import {
  maxColumns,
  maxProbeBytes,
  maxResultRows,
  maxRowBytes,
} from '../../../../src/mysql/answer/limits.ts';
import type { FalseConnection, Script } from '../../../support/false-mysqld.ts';
import { healthyReply } from '../../../support/healthy.ts';
import { answer, answerOf, expectSilence, failureOf, healthy, probeOf } from '../../../support/mended.ts';
import * as wire from '../../../support/wire.ts';

expectSilence();

describe('the boundary refuses an answer with', () => {
  const columns = (...names: readonly (string | Buffer | null)[]) => [
    wire.encodedInteger(names.length),
    ...names.map((name) => wire.column(name)),
    wire.eof,
  ];
  const of64Bits = Buffer.from('fe00000000000080ff', 'hex');

  test.each<[string, readonly Buffer[]]>([
    ['a number of columns that was cut off (go-sql-driver 1124)', [Buffer.of(0xfc)]],
    ['a number of columns of 64 bits', [of64Bits]],
    ['no columns, in three bytes', [Buffer.of(0xfc, 0, 0), wire.column('a'), wire.eof]],
    ['an OK of one byte (go-sql-driver 878)', [Buffer.of(0)]],
    ['an OK that promises another result', [Buffer.of(0, 0, 0, 8, 0, 0, 0)]],
    [
      'a request for a file (rogue servers, CVE-2020-11579)',
      [Buffer.concat([Buffer.of(0xfb), Buffer.from('/etc/passwd')])],
    ],
    [
      'a column that was cut off (go-sql-driver 923)',
      [wire.encodedInteger(1), wire.column('a').subarray(0, 9)],
    ],
    [
      'a column with a name of 64 bits',
      [wire.encodedInteger(1), Buffer.concat([Buffer.from('\u0003def\0\0\0'), of64Bits])],
    ],
    ['a column with an invalid name', columns(null, 'a')],
    ['__proto__ as a column (CVE-2024-21512)', [...columns('__proto__'), wire.row(['x']), wire.eof]],
    ['constructor as a column', [...columns('constructor'), wire.row(['x']), wire.eof]],
    ['a column name that forges a line of a log', columns('a\n{"level":60}\u001b[31m')],
    ['a column name that is code (CVE-2024-21508)', columns('`+process.exit(1)+`\u2028')],
    [
      'rows without an end of the columns (DEPRECATE_EOF)',
      [wire.encodedInteger(1), wire.column('a'), wire.row(['b']), wire.eof],
    ],
    ['an EOF in the place of a column', [wire.encodedInteger(2), wire.column('a'), wire.eof]],
    ['a row of fewer cells', [...columns('a', 'b'), wire.row(['x']), wire.eof]],
    ['a row of more cells', [...columns('a'), wire.row(['x', 'y']), wire.eof]],
    ['a cell that is longer than its row', [...columns('a'), Buffer.of(0xfd, 0xff, 0xff, 0x1f, 1)]],
    ['a cell of 2^63 bytes', [...columns('a'), Buffer.from('fe0000000000000080', 'hex')]],
    ['a cell with the length 0xff', [...columns('a', 'b'), Buffer.of(1, 0x61, 0xff)]],
    ['an end that promises another result', [...columns('a'), Buffer.of(0xfe, 0, 0, 8, 0)]],
    ['an end of one byte', [...columns('a'), Buffer.of(0xfe)]],
    ['more after its end', [...columns('a'), wire.eof, wire.row(['x'])]],
  ])('%s', async (_, payloads) => {
    const { probe } = await probeOf(answerOf(...payloads));
    expect(failureOf(probe)).toMatchObject({
      kind: expect.stringMatching(/^(unknown|alive)$/),
      code: expect.stringMatching(/^(protocol-broken|rows-unexpected|connection-lost)$/),
    });
  });

  test.each([245, 255, 242, 16, 0, 12, 246, 6, 8, 20])(
    'a column of type %i is the text that it is, and JSON prints nothing',
    async (type) => {
      const { probe } = await probeOf({
        ...healthy,
        tamper: (message, connection) => {
          if (!message.sql?.includes('@@server_uuid'))
            return connection.write(Buffer.concat(message.packets));
          // The type is the sixth byte before the end of a definition.
          for (const packet of message.packets.slice(1))
            if (packet.includes('def\0')) packet[packet.length - 6] = type;
          connection.write(Buffer.concat(message.packets));
        },
      });
      expect(probe).toMatchObject({ kind: 'reachable' });
    },
  );

  test('the boundary refuses packets out of order', async () => {
    const { probe } = await probeOf(
      answer((connection) =>
        connection.write(Buffer.concat(wire.result([{ a: 'b' }]).map((payload) => wire.packet(9, payload)))),
      ),
    );
    expect(failureOf(probe)).toMatchObject({
      kind: 'unknown',
      code: 'protocol-broken',
      message: expect.stringContaining('packet 9 instead of 1'),
    });
  });

  test('the boundary reads an answer that comes byte by byte', async () => {
    const { probe } = await probeOf({
      ...healthy,
      tamper: ({ packets }, connection) => {
        for (const byte of Buffer.concat(packets)) connection.write(Buffer.of(byte));
      },
    });
    expect(probe).toMatchObject({ kind: 'reachable' });
  });

  test('the boundary cuts the text of an error, and removes control characters', async () => {
    const { probe } = await probeOf(answerOf(wire.error(1105, `\u001b[2J\n{"level":60}${'x'.repeat(9000)}`)));
    expect(failureOf(probe)).toMatchObject({ kind: 'alive', code: 'mysql-1105' });
    expect(failureOf(probe)?.message).toMatch(/^[\x20-\x7e…]{1,260}$/);
  });
});

describe('an answer that is too large', () => {
  const head = [wire.encodedInteger(1), wire.column('a'), wire.eof];
  const started = (connection: FalseConnection) =>
    connection.write(Buffer.concat(head.map((payload, index) => wire.packet(index + 1, payload))));

  test.each<[string, string, (connection: FalseConnection) => void]>([
    [
      'columns',
      `${maxColumns + 1} columns`,
      (connection) => connection.write(wire.packet(1, wire.encodedInteger(maxColumns + 1))),
    ],
    [
      'columns, 65,535',
      '65535 columns',
      (connection) => connection.write(wire.packet(1, wire.encodedInteger(65_535))),
    ],
    [
      'rows',
      `more than ${maxResultRows} rows`,
      (connection) => {
        started(connection);
        for (let sent = 0; sent <= maxResultRows; sent += 1)
          connection.write(wire.packet((sent + 4) % 256, wire.row(['x'])));
      },
    ],
    [
      'one row, before it has come',
      `a row of more than ${maxRowBytes} bytes`,
      (connection) => {
        started(connection);
        connection.write(Buffer.of(0xff, 0xff, 0xff, 4, 0xfd));
      },
    ],
    [
      'rows of a great size',
      `more than ${maxProbeBytes} bytes for one probe`,
      (connection) => {
        started(connection);
        const row = wire.row(['x'.repeat(maxRowBytes - 9)]);
        for (let sent = 0; sent < 5; sent += 1) connection.write(wire.packet(sent + 4, row));
      },
    ],
  ])('%s: the server is alive, and the failure has its own code', async (_, what, send) => {
    const { probe } = await probeOf(answer(send), { queryTimeoutMs: 5000 });
    expect(failureOf(probe)).toMatchObject({
      kind: 'alive',
      code: 'answer-too-large',
      message: expect.stringContaining(`sent more data than a probe accepts: ${what}`),
      hint: expect.stringContaining('SELECT LENGTH(@@GLOBAL.gtid_executed);'),
    });
  });

  test('the bound holds with TLS too', async () => {
    const flood = answer((connection) => {
      started(connection);
      const row = wire.row(['x'.repeat(maxRowBytes - 9)]);
      for (let sent = 0; sent < 5; sent += 1) connection.write(wire.packet(sent + 4, row));
    });
    const { probe } = await probeOf({ ...flood, tls: true }, { tls: 'required', queryTimeoutMs: 5000 });
    expect(failureOf(probe)).toMatchObject({
      code: 'answer-too-large',
      message: expect.stringContaining(`${maxProbeBytes} bytes`),
    });
  });

  test('the boundary passes 100,000 intervals', async () => {
    const intervals = Array.from({ length: 100_000 }, (_, index) => 5_000_000 + 2 * index).join(':');
    const script: Script = {
      reply: healthyReply('source', { gtid_executed: `3e11fa47-71ca-11e1-9e33-c80aa9429562:${intervals}` }),
    };
    const { probe } = await probeOf(script, { queryTimeoutMs: 5000 });
    expect(probe).toMatchObject({ kind: 'reachable' });
  });
});
