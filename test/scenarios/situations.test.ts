/** Shows that docs/SITUATIONS.md and the transcripts say the same. */

import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, test } from 'vitest';
import { textOfFile } from '../support/checkout.ts';
import { alarmsIn, decisionsIn, isSituation, pathOf, textOf, transcripts } from './player/told.ts';

const page = textOfFile('docs/SITUATIONS.md');

interface Row {
  readonly cells: readonly string[];
  readonly decisions: readonly string[];
  readonly alarms: readonly string[];
  /** Its path below test/scenarios/transcripts. */
  readonly transcript: string;
}

const codesIn = (cell = ''): readonly string[] =>
  [...cell.matchAll(/`([a-z-]+)`/g)].map(([, code = '']) => code);

const rowsOf = (text: string): readonly Row[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('| ') && line.includes('.txt)'))
    .map((line): Row => {
      const cells = line.slice(2, -2).split(' | ');
      const [decisions, alarms, link = ''] = cells.slice(-3);
      const [, transcript = ''] = /\]\(\.\.\/test\/scenarios\/transcripts\/([^)]+)\)/.exec(link) ?? [];
      return { cells, decisions: codesIn(decisions), alarms: codesIn(alarms), transcript };
    });

const rows = rowsOf(page);

/**
 * The analysis codes of orchestrator (go/inst/analysis.go) that name a situation. Of its structure warnings,
 * the two about GTIDs and the one about read_only are included.
 */
const analyses = `
    DeadMasterWithoutReplicas DeadMaster DeadMasterAndReplicas DeadMasterAndSomeReplicas UnreachableMaster
  UnreachableMasterWithLaggingReplicas   LockedSemiSyncMasterHypothesis LockedSemiSyncMaster
  MasterWithTooManySemiSyncReplicas NoWriteableMasterStructureWarning   MasterSingleReplicaNotReplicating
  MasterSingleReplicaDead AllMasterReplicasNotReplicating AllMasterReplicasNotReplicatingOrDead
  DeadCoMaster DeadCoMasterAndSomeReplicas UnreachableCoMaster AllCoMasterReplicasNotReplicating
  DeadIntermediateMaster DeadIntermediateMasterWithSingleReplica
  DeadIntermediateMasterWithSingleReplicaFailingToConnect   DeadIntermediateMasterAndSomeReplicas
  DeadIntermediateMasterAndReplicas UnreachableIntermediateMaster
  UnreachableIntermediateMasterWithLaggingReplicas AllIntermediateMasterReplicasFailingToConnectOrDead
  AllIntermediateMasterReplicasNotReplicating   FirstTierReplicaFailingToConnectToMaster
  BinlogServerFailingToConnectToMaster DeadReplicationGroupMemberWithReplicas   ErrantGTIDStructureWarning
  NoFailoverSupportStructureWarning`
  .trim()
  .split(/\s+/);

/** Whether all of `some` are in `all`, in that order. */
function isWithin(some: readonly string[], all: readonly string[]): boolean {
  let next = 0;
  for (const each of all) if (each === some[next]) next += 1;
  return next === some.length;
}

describe('docs/SITUATIONS.md', () => {
  test('names every analysis of orchestrator once', () => {
    const [, section = ''] = page.split(/^## /m);
    const named = rowsOf(section).map(({ cells }) => cells[1] ?? '');
    expect(named.toSorted()).toEqual(analyses.toSorted());
  });

  test('has a transcript in each row, and a row for each transcript of a situation', () => {
    const linked = rows.map(({ transcript }) => transcript);
    expect(linked.filter((transcript) => !transcripts.includes(transcript))).toEqual([]);
    expect(
      transcripts.filter((transcript) => isSituation(transcript) && !linked.includes(transcript)),
    ).toEqual([]);
  });

  test.each(rows)(
    '$transcript: comes to these decisions in this order, and ends with the last one',
    ({ decisions, transcript }) => {
      const [, ...after] = decisionsIn(textOf(transcript)).map((decision) => decision.replace(/^.* /, ''));
      const published = after.slice(after.indexOf('steady'));
      expect(isWithin(decisions, published), `${decisions.join(', ')} within ${published.join(', ')}`).toBe(
        true,
      );
      expect(published.at(-1)).toBe(decisions.at(-1));
    },
  );

  test.each(rows)('$transcript: raises these alarms and no others', ({ alarms, transcript }) => {
    expect([...alarmsIn(textOf(transcript))].toSorted()).toEqual(alarms.toSorted());
  });
});

describe('a transcript of orchestrator', () => {
  const told = transcripts.filter((transcript) => transcript.startsWith('orchestrator/'));
  test.each(told)(
    '%s has the name that orchestrator gives the situation, and says so first',
    (transcript) => {
      const [first = ''] = readFileSync(pathOf(transcript), 'utf8').split('\n');
      const [, name = ''] = /^# orchestrator: (\w+)\. /.exec(first) ?? [];
      expect(analyses).toContain(name);
      expect(basename(transcript, '.txt').replaceAll('-', '')).toBe(name.toLowerCase());
    },
  );
});
