/** Answers are recognised by their bytes: what is the same is the same object, and never an older one. */

import { expect, test } from 'vitest';
import type { Answer } from '../../../../src/mysql/answer/query-set.ts';
import { Frames } from '../../../../src/mysql/boundary/frames.ts';
import { LastAnswer, type Question, Results } from '../../../../src/mysql/boundary/results.ts';
import * as wire from '../../../support/wire.ts';

type Cells = Readonly<Record<string, string | null>>;

const bytesOf = (payloads: readonly Buffer[]): Buffer =>
  Buffer.concat(payloads.map((payload, index) => wire.packet((index + 1) % 256, payload)));
const answerOf = (...rows: readonly Cells[]): Buffer => bytesOf(wire.result(rows));

/** One connection; each call is a train with its answers, in chunks of that many bytes. */
function connection(): (questions: readonly Question[], bytes: Buffer, chunk?: number) => readonly Answer[] {
  const results = new Results();
  const frames = new Frames({
    skip: (bytes) => results.skip(bytes),
    check: () => undefined,
    frame: (packet) => {
      if (packet[4] === 0xff) results.error({ errno: 1, sqlMessage: '' });
      else results.packet(packet);
      return true;
    },
  });
  return (questions, bytes, chunk = bytes.length) => {
    const answers: Answer[] = [];
    results.ask(questions, (answer) => answers.push(answer));
    for (let at = 0; at < bytes.length; at += chunk) {
      // The socket uses its memory again.
      const piece = Buffer.from(bytes.subarray(at, at + chunk));
      frames.push(piece);
      piece.fill(0x2a);
    }
    expect(results.phase).toBe('idle');
    return answers;
  };
}

const rowsOf = (answers: readonly Answer[], index = 0) => {
  const answer = answers[index];
  if (answer?.kind !== 'rows') throw new Error('no rows');
  return answer.rows;
};

test('the same bytes are the same rows, in whatever pieces they come', () => {
  const ask = connection();
  const question = { sql: 'a', last: new LastAnswer() };
  const bytes = answerOf({ a: '1', b: null }, { a: '2', b: 'é' });
  const first = rowsOf(ask([question], bytes));
  expect(first).toEqual([
    { a: '1', b: null },
    { a: '2', b: 'é' },
  ]);
  for (const chunk of [bytes.length, 1, 7, 60, bytes.length - 3])
    expect(rowsOf(ask([question], bytes, chunk))).toBe(first);
});

test('a row that differs is read, and the others are the same objects', () => {
  const ask = connection();
  const question = { sql: 'a', last: new LastAnswer() };
  const first = rowsOf(ask([question], answerOf({ a: '1', b: 'x' }, { a: '2', b: 'y' })));
  const second = rowsOf(ask([question], answerOf({ a: '1', b: 'x' }, { a: '2', b: 'z' })));
  expect(second).toEqual([
    { a: '1', b: 'x' },
    { a: '2', b: 'z' },
  ]);
  expect(second[0]).toBe(first[0]);
  expect(first[1]).toEqual({ a: '2', b: 'y' });
  for (const next of [
    [{ a: '1', b: 'x' }],
    [],
    [{ a: '12', b: 'x' }],
    [{ a: '1', b: null }],
    [{ a: null, b: 'x' }],
    [{ a: '', b: '1x' }],
  ] as const)
    expect(rowsOf(ask([question], answerOf(...next)))).toEqual(next);
});

test('other columns, and other names for the same cells, are read anew', () => {
  const ask = connection();
  const question = { sql: 'a', last: new LastAnswer() };
  for (const cells of [{ a: '1', b: '2' }, { a: '1', c: '2' }, { a: '1' }, { b: '1' }, { a: '1', b: '2' }])
    expect(rowsOf(ask([question], answerOf(cells)))).toEqual([cells]);
});

test('after an error between rows, the rows that came before it are not taken for newer ones', () => {
  const ask = connection();
  const question = { sql: 'a', last: new LastAnswer() };
  ask([question], answerOf({ a: 'old' }));
  const [, ...payloads] = wire.result([{ a: 'new' }]);
  const cut = [wire.encodedInteger(1), ...payloads.slice(0, -1), wire.error(3024, 'interrupted')];
  expect(ask([question], bytesOf(cut))).toEqual([{ kind: 'error', error: expect.anything() }]);
  expect(rowsOf(ask([question], answerOf({ a: 'new' })))).toEqual([{ a: 'new' }]);
});

test('the answers of a train come in order, each with what it answers', () => {
  const ask = connection();
  const questions = ['a', 'b', 'c'].map((sql) => ({ sql, last: new LastAnswer() }));
  const train = (...cells: readonly string[]): Buffer =>
    Buffer.concat([
      answerOf({ a: cells[0] ?? '' }),
      bytesOf([wire.error(1227, '')]),
      answerOf({ c: cells[1] ?? '' }),
    ]);
  for (const chunk of [1, 10, 1000]) {
    const answers = ask(questions, train('1', `${chunk}`), chunk);
    expect(answers.map(({ kind }) => kind)).toEqual(['rows', 'error', 'rows']);
    expect(rowsOf(answers, 0)).toEqual([{ a: '1' }]);
    expect(rowsOf(answers, 2)).toEqual([{ c: `${chunk}` }]);
  }
});

test('a statement that is asked once leaves nothing', () => {
  const ask = connection();
  const bytes = answerOf({ a: '1' });
  expect(rowsOf(ask([{ sql: 'a' }], bytes))).not.toBe(rowsOf(ask([{ sql: 'a' }], bytes)));
});

test('connections whose servers give the same head hold it once', () => {
  const [one, other, third] = [new LastAnswer(), new LastAnswer(), new LastAnswer()];
  for (const last of [one, other]) connection()([{ sql: 'a', last }], answerOf({ a: '1', b: 'x' }));
  connection()([{ sql: 'a', last: third }], answerOf({ a: '1', c: 'x' }));
  expect(one.head?.names).toEqual(['a', 'b']);
  expect(other.head).toBe(one.head);
  expect(third.head?.names).toEqual(['a', 'c']);
});
