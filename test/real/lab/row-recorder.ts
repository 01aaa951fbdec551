/**
 * Writes answers of real servers to test/support/rows, for the pure tests: `RECORD_ROWS=1 npx vitest run
 * --project real test/real/lab/mariadb.test.ts`, then `npx biome format --write test/support/rows`. Does
 * nothing without that variable.
 */

import { lookup } from 'node:dns';
import { writeFileSync } from 'node:fs';
import type { LookupFunction } from 'node:net';
import type { ServerAddress } from '../../../src/core/model/units.ts';
import type { Answer, Answers } from '../../../src/mysql/answer/query-set.ts';
import { askStatements, noHabits } from '../../../src/mysql/connection/ask.ts';
import { Session } from '../../../src/mysql/connection/session.ts';
import { querySetOf, readTraits, traitsQuery } from '../../../src/mysql/flavour/flavour.ts';
import { eachAlone } from '../../support/ask-alone.ts';

const recording = process.env['RECORD_ROWS'] === '1';

export interface RowRecorder {
  /** Asks the server like a probe, and keeps the answers under that name. */
  take(name: string, server: ServerAddress): Promise<void>;
  /** Writes the file, if there is anything to write. */
  write(note: string): void;
}

/** `file`: in test/support/rows, without its ending. */
export function rowRecorder(
  file: string,
  account: { readonly user: string; readonly password: string },
): RowRecorder {
  const cases: Record<string, Answers> = {};
  return {
    async take(name, server) {
      if (recording) cases[name] = await answersOf(server, account);
    },
    write(note) {
      if (!recording) return;
      const text = JSON.stringify({ origin: 'run', note, cases }, null, 2);
      writeFileSync(new URL(`../../support/rows/${file}.json`, import.meta.url), `${text}\n`);
    },
  };
}

async function answersOf(
  server: ServerAddress,
  account: { readonly user: string; readonly password: string },
): Promise<Answers> {
  const access = {
    ...account,
    cluster: 'rows',
    tls: undefined,
    allowPublicKeyRetrieval: true,
    lookup: lookup as LookupFunction,
  };
  const session = new Session(server, access);
  try {
    rowsOf(await session.opened);
    const set = querySetOf(server, readTraits(rowsOf(await session.query(traitsQuery))));
    if ('kind' in set) throw new Error(set.failure.message);
    rowsOf(await session.query(set.setup(5000)));
    const asked = await askStatements(
      eachAlone((sql) => session.query(sql)),
      set,
      noHabits(),
    );
    if (asked.kind === 'error') throw asked.error;
    return asked.answers;
  } finally {
    await session.end();
  }
}

function rowsOf(answer: Answer) {
  if (answer.kind === 'error') throw answer.error;
  return answer.rows;
}
