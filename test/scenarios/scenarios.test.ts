/** Plays the transcripts, and shows that together they have every reason, alarm and command. */

import { describe, expect, test } from 'vitest';
import { alarmCodes, holdReasons, pointToReasons } from '../../src/core/model/vocabulary.ts';
import { textOfFile } from '../support/checkout.ts';
import { replayed } from './player/replay.ts';
import { alarmsIn, decisionsIn, isSituation, textOf, transcripts } from './player/told.ts';
import { parseTranscript } from './player/transcript.ts';

describe('transcripts: read them as stories; `vitest -u` writes the outputs anew', () =>
  replayed(transcripts.filter((path) => !isSituation(path))));

describe('the transcripts have', () => {
  const decisions = new Set(transcripts.flatMap((transcript) => decisionsIn(textOf(transcript))));
  const alarms = new Set(transcripts.flatMap((transcript) => [...alarmsIn(textOf(transcript))]));
  test('every reason to point to a server', () => {
    expect(Object.keys(pointToReasons).filter((reason) => !decisions.has(`point-to ${reason}`))).toEqual([]);
  });
  test('every reason to hold', () => {
    expect(Object.keys(holdReasons).filter((reason) => !decisions.has(`hold ${reason}`))).toEqual([]);
  });
  test('every alarm', () => {
    expect(Object.keys(alarmCodes).filter((code) => !alarms.has(code))).toEqual([]);
  });
});

describe('test/scenarios/README.md', () => {
  const page = textOfFile('test/scenarios/README.md');
  const commands = transcripts.flatMap((transcript) =>
    parseTranscript(textOf(transcript)).flatMap((block) => block.commands),
  );

  test('explains every command that is used', () => {
    const verbs = new Set(
      commands.map((command) =>
        command
          .replace(/^db\d(?:\.lan)?/, 'dbN')
          .split(' ', command.startsWith('db') ? 2 : 1)
          .join(' '),
      ),
    );
    expect([...verbs].filter((verb) => !page.includes(`\`${verb}`))).toEqual([]);
  });

  test('explains every word of a cluster', () => {
    const words = new Set(
      commands
        .filter((command) => /^(?:cluster|also) /.test(command))
        .flatMap((command) => command.match(/\w+(?==)/g) ?? []),
    );
    expect([...words].filter((word) => !page.includes(`\`${word}`))).toEqual([]);
  });
});
