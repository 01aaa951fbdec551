/**
 * Reads the answers of a server that is logged in. What answers no statement, or has another form or size
 * than an answer may have, is a fault. An answer in the same bytes as before is recognised, not read again.
 */

import { broken, tooLarge } from '../answer/answer-fault.ts';
import { maxColumns, maxRememberedBytes, maxResultRows } from '../answer/limits.ts';
import type { Answer } from '../answer/query-set.ts';
import type { Row } from '../answer/row.ts';
import { Payload } from './payload.ts';
import * as packets from './server-packets.ts';

export interface Question {
  readonly sql: string;
  /** What the same connection answered last. Absent: the statement is asked once. */
  readonly last?: LastAnswer;
}

/** The last answer to one statement on one connection: its bytes, and what was read from them. */
export class LastAnswer {
  head: Head | undefined;
  rows: readonly KnownRow[] = [];
  answer: readonly Row[] = [];

  /** An answer under another head gives other names to the same cells. */
  begin(head: Head): void {
    if (this.head?.bytes.equals(head.bytes) !== true) this.forgetRows();
    this.head = head;
  }

  forgetRows(): void {
    this.rows = [];
    this.answer = [];
  }
}

/** The packets before the first row, with their headers. */
interface Head {
  readonly bytes: Buffer;
  readonly names: string[];
}

interface KnownRow {
  readonly bytes: Buffer;
  readonly row: Row;
}

/** A result of which some packets have come. */
interface Result {
  readonly columns: number;
  readonly names: string[];
  /** The packets of the head; none where nobody will compare them. */
  readonly head: Buffer[];
  readonly rows: KnownRow[];
  rememberedBytes: number;
  isAsBefore: boolean;
}

/** What may come next. */
export type ResultPhase = 'idle' | 'answer' | 'columns' | 'columns-end' | 'rows';

/** Its methods throw an AnswerFault. */
export class Results {
  phase: ResultPhase = 'idle';
  #questions: readonly Question[] = [];
  #answered = 0;
  #heard: (answer: Answer) => void = () => undefined;
  #sequence = 0;
  #result: Result | undefined;

  /** `heard` is called for each question, in order. */
  ask(questions: readonly Question[], heard: (answer: Answer) => void): void {
    if (this.phase !== 'idle') throw new Error('a statement while another one waits for its answer');
    this.#questions = questions;
    this.#answered = 0;
    this.#heard = heard;
    this.#awaitNext();
  }

  /** The number of bytes, from the beginning of a packet on, that are known and need no reading. */
  skip(bytes: Buffer): number {
    if (this.phase !== 'answer') return 0;
    const head = this.#last?.head;
    if (head === undefined || bytes.length < head.bytes.length) return 0;
    if (head.bytes.compare(bytes, 0, head.bytes.length) !== 0) return 0;
    this.#result = newResult(head.names.length, head.names);
    // Its packets are numbered from 1 on: the count, the columns, the end marker.
    this.#sequence = (head.names.length + 3) % 256;
    this.phase = 'rows';
    return head.bytes.length;
  }

  /** Reads one packet that is no error. */
  packet(packet: Buffer): void {
    if (this.phase === 'idle') throw broken('a packet without a query of ours');
    if (packet[3] !== this.#sequence) throw broken(`packet ${packet[3]} instead of ${this.#sequence}`);
    this.#sequence = (this.#sequence + 1) % 256;
    const payload = packet.subarray(4);
    const result = this.#result;
    if (this.phase === 'rows' && result !== undefined) this.#row(payload, result);
    else if (this.phase === 'answer') this.#answer(packet, payload);
    else if (result !== undefined) this.#column(packet, payload, result);
  }

  /** Whether this error, by its packet number, answers no statement: then it is the server's good-bye. */
  isGoodbye(sequence: number): boolean {
    return this.phase === 'idle' || (sequence === 0 && this.#sequence !== 0);
  }

  /** An error ends its statement, at any place: perhaps between rows, of which some are new. */
  error(error: packets.ServerError): void {
    this.#last?.forgetRows();
    this.#end({ kind: 'error', error });
  }

  get #last(): LastAnswer | undefined {
    return this.#questions[this.#answered]?.last;
  }

  #awaitNext(): void {
    this.#result = undefined;
    this.#sequence = 1;
    this.phase = this.#answered < this.#questions.length ? 'answer' : 'idle';
  }

  /** The next question may come before this returns. */
  #end(answer: Answer): void {
    this.#answered += 1;
    this.#awaitNext();
    this.#heard(answer);
  }

  #answer(packet: Buffer, payload: Buffer): void {
    if (payload[0] === 0) {
      packets.checkOk(payload);
      this.#end({ kind: 'rows', rows: [] });
      return;
    }
    const columns = packets.columnCount(payload);
    if (columns > maxColumns) throw tooLarge(`${columns} columns`, true);
    this.#result = newResult(columns, []);
    this.phase = 'columns';
    this.#keepHead(packet, this.#result);
  }

  #column(packet: Buffer, payload: Buffer, result: Result): void {
    this.#keepHead(packet, result);
    if (this.phase === 'columns') {
      result.names.push(packets.columnName(payload));
      if (result.names.length === result.columns) this.phase = 'columns-end';
      return;
    }
    if (!packets.isEof(payload)) throw broken('no end marker after its columns');
    packets.checkEof(payload);
    this.phase = 'rows';
    this.#last?.begin(sharedHead({ bytes: Buffer.concat(result.head), names: result.names }));
  }

  #keepHead(packet: Buffer, { head }: Result): void {
    if (this.#last !== undefined) head.push(Buffer.from(packet));
  }

  #row(payload: Buffer, result: Result): void {
    if (packets.isEof(payload)) {
      packets.checkEof(payload);
      this.#end({ kind: 'rows', rows: this.#rowsOf(result) });
      return;
    }
    if (result.rows.length === maxResultRows) throw tooLarge(`more than ${maxResultRows} rows`, true);
    const known = this.#last?.rows[result.rows.length];
    if (known?.bytes.equals(payload) === true) {
      result.rows.push(known);
      result.rememberedBytes += payload.length;
      return;
    }
    result.isAsBefore = false;
    const row = readRow(payload, result.names, known);
    result.rememberedBytes += payload.length;
    const isKept = this.#last !== undefined && result.rememberedBytes <= maxRememberedBytes;
    result.rows.push({ row, bytes: isKept ? copyOf(payload, known) : nothing });
  }

  #rowsOf({ rows, isAsBefore }: Result): readonly Row[] {
    const last = this.#last;
    if (last === undefined) return rows.map(({ row }) => row);
    if (isAsBefore && last.rows.length === rows.length) return last.answer;
    last.rows = rows;
    last.answer = rows.map(({ row }) => row);
    return last.answer;
  }
}

/** By their bytes. Most servers give the same head, so their connections hold one. */
const heads = new Map<string, Head>();
/** More are no heads of ours: the products and their versions are few. */
const mostHeads = 100;
const mostHeadBytes = 8192;

function sharedHead(head: Head): Head {
  const { bytes } = head;
  if (bytes.length > mostHeadBytes) return head;
  const key = bytes.toString('latin1');
  const known = heads.get(key);
  if (known !== undefined) return known;
  if (heads.size === mostHeads) heads.clear();
  heads.set(key, head);
  return head;
}

const nothing = Buffer.alloc(0);

const newResult = (columns: number, names: string[]): Result => ({
  columns,
  names,
  head: [],
  rows: [],
  rememberedBytes: 0,
  isAsBefore: true,
});

/** The chunk of the socket is used again. A buffer of the same size is, too: most rows keep their size. */
function copyOf(payload: Buffer, known: KnownRow | undefined): Buffer {
  const copy = known?.bytes.length === payload.length ? known.bytes : Buffer.allocUnsafeSlow(payload.length);
  payload.copy(copy);
  return copy;
}

/** So many whole texts, and nothing else. A cell before the first byte that differs is the known cell. */
function readRow(payload: Buffer, names: readonly string[], known: KnownRow | undefined): Row {
  packets.checkIntervals(payload);
  const same = known === undefined ? 0 : sameBytes(payload, known.bytes);
  const read = new Payload(payload, 'a row');
  const row: Record<string, unknown> = {};
  for (const name of names) {
    const length = read.encodedInteger();
    const start = read.at;
    if (length !== undefined) read.skip(length);
    if (known !== undefined && read.at <= same) row[name] = known.row[name];
    else row[name] = length === undefined ? null : payload.toString('utf8', start, read.at);
  }
  read.end();
  return row;
}

function sameBytes(one: Buffer, other: Buffer): number {
  const most = Math.min(one.length, other.length);
  let count = 0;
  while (count < most && one[count] === other[count]) count += 1;
  return count;
}
