import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { alarmCodes, holdReasons, pointToReasons } from '../../src/core/vocabulary.ts';
import { replayed } from './replay.ts';
import { alarmsIn, decisionsIn, pathOf, textOf, transcripts } from './told.ts';
import { parseTranscript } from './transcript.ts';

describe('transcripts: read them as stories; `vitest -u` writes the outputs anew', () =>
  replayed(transcripts.filter((path) => !path.includes('/'))));

describe('the transcripts tell of', () => {
  const decisions = new Set(transcripts.flatMap((transcript) => decisionsIn(textOf(transcript))));
  const alarms = new Set(transcripts.flatMap((transcript) => [...alarmsIn(textOf(transcript))]));
  it('every reason to point to a server', () => {
    expect(Object.keys(pointToReasons).filter((reason) => !decisions.has(`point-to ${reason}`))).toEqual([]);
  });
  it('every reason to hold', () => {
    expect(Object.keys(holdReasons).filter((reason) => !decisions.has(`hold ${reason}`))).toEqual([]);
  });
  it('every alarm', () => {
    expect(Object.keys(alarmCodes).filter((code) => !alarms.has(code))).toEqual([]);
  });
});

describe('test/scenarios/README.md', () => {
  const page = readFileSync(pathOf('README.md'), 'utf8');
  const commands = transcripts.flatMap((transcript) => parseTranscript(textOf(transcript)).flatMap((block) => block.commands));

  it('explains every command that is used', () => {
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

  it('explains every word of a cluster', () => {
    const words = new Set(
      commands.filter((command) => /^(?:cluster|also) /.test(command)).flatMap((command) => command.match(/\w+(?==)/g) ?? []),
    );
    expect([...words].filter((word) => !page.includes(`\`${word}`))).toEqual([]);
  });
});
