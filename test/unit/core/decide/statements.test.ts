/** Shows that every statement in a sentence of the core is of a kind that runs on real servers. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { detaching, starting } from '../../../../src/core/decide/advice.ts';
import type { ServerFacts } from '../../../../src/core/model/observation.ts';
import { textOf, transcripts } from '../../../scenarios/player/told.ts';
import { root } from '../../../support/checkout.ts';
import { channelFrom, factsOf } from '../../../support/given.ts';
import { looksLikeSql, procedureStatements, proposals, statementsIn } from '../../../support/statements.ts';

const folder = join(root, 'src/core');
/** The sources without their comments. */
const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => readFileSync(join(folder, path), 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, ''));

describe('the statements that sentences of the core propose', () => {
  test('are all of a kind that runs on real servers', () => {
    const known = [...Object.keys(proposals), ...procedureStatements.map(([source]) => source)];
    const found = sources.flatMap((source) =>
      [...source.matchAll(looksLikeSql)].map(({ index }) => source.slice(index, index + 80)),
    );
    expect(found.length).toBeGreaterThanOrEqual(known.length);
    expect(found.filter((fragment) => !known.some((proposal) => fragment.startsWith(proposal)))).toEqual([]);
  });

  test('include every kind', () => {
    const all = sources.join('\n');
    const known = [...Object.keys(proposals), ...procedureStatements.map(([source]) => source)];
    expect(known.filter((proposal) => !all.includes(proposal))).toEqual([]);
  });

  test('are found in the transcripts, and no other text there looks like a statement', () => {
    const outputs = transcripts
      .map(textOf)
      .flatMap((text) => text.split('\n').filter((row) => /^\d\d:|^ {2}|^alarm /.test(row)));
    const missed = outputs.filter((row) =>
      looksLikeAny(statementsIn(row).reduce((rest, statement) => rest.replace(statement, ''), row)),
    );
    expect(missed).toEqual([]);
  });
});

const looksLikeAny = (row: string): boolean => (row.match(looksLikeSql) ?? []).length > 0;

test('the helper finds statements where sentences have them', () => {
  expect(
    statementsIn(
      "in this order: first let it execute it (START REPLICA SQL_THREAD FOR CHANNEL 'a; b'): RESET deletes it; STOP REPLICA; RESET REPLICA 'o''clock' ALL; SET GLOBAL read_only = OFF. It lacks",
    ),
  ).toEqual([
    "START REPLICA SQL_THREAD FOR CHANNEL 'a; b'",
    'STOP REPLICA',
    "RESET REPLICA 'o''clock' ALL",
    'SET GLOBAL read_only = OFF',
  ]);
  expect(statementsIn("list: SELECT f('', 'db1\\'', 3306, '');")).toEqual([
    "SELECT f('', 'db1\\'', 3306, '')",
  ]);
});

describe('before MySQL 8.0.22 statements follow the grammar of its manuals (5.7: 13.4.2; 8.0: 13.4.2)', () => {
  const named = "(?: FOR CHANNEL '[^']*')?";
  const grammar = [`STOP SLAVE${named}`, `RESET SLAVE ALL${named}`, `START SLAVE(?: SQL_THREAD)?${named}`];
  const isOld = (statement: string): boolean => new RegExp(`^(?:${grammar.join('|')})$`).test(statement);

  test.each(['5.7.9', '5.7.44', '8.0.4', '8.0.21'])('%s', (text) => {
    const [major = 0, minor = 0, patch = 0] = text.split('.').map(Number);
    const facts = (channels: ServerFacts['channels']) =>
      factsOf('db2', { version: { major, minor, patch, text }, channels });
    const one = facts([channelFrom('db1')]);
    const two = facts([channelFrom('db1'), channelFrom('db3', { name: 'c2' })]);
    const said = [one, two].flatMap((server) =>
      server.channels.flatMap(({ name }) => [
        detaching(server, name),
        starting(server, name),
        starting(server, name, ' SQL_THREAD'),
      ]),
    );
    const statements = said.flatMap((each) => each.split('; '));
    expect(statements.length).toBe(12);
    expect(statements.filter((statement) => !isOld(statement))).toEqual([]);
    expect(statements.flatMap(statementsIn)).toEqual(statements);
  });
});
