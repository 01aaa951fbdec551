import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { alarmCodes, holdReasons, pointToReasons } from '../../src/core/vocabulary.ts';
import { Script } from './script.ts';
import { formatTranscript, parseTranscript } from './transcript.ts';

const folder = import.meta.dirname;
const files = readdirSync(folder).filter((file) => file.endsWith('.txt'));

/** Plays a transcript's commands, and prints what comes of them. */
function replay(text: string): string {
  const blocks = parseTranscript(text);
  const script = new Script();
  const outputs = blocks.map(({ commands }) => commands.flatMap((command) => script.play(command)));
  return formatTranscript(blocks, outputs);
}

describe('transcripts: read them as stories; `vitest -u` writes the outputs anew', () => {
  it.each(files)('%s', async (file) => {
    const path = join(folder, file);
    await expect(replay(readFileSync(path, 'utf8'))).toMatchFileSnapshot(path);
  });
});

describe('the vocabulary', () => {
  const told = files.map((file) => readFileSync(join(folder, file), 'utf8')).join('\n');
  it.each(Object.keys(pointToReasons))('point-to %s occurs in a transcript', (reason) => {
    expect(told).toMatch(new RegExp(`^\\d\\d:\\d\\d\\.\\d{3} decision  point-to ${reason} `, 'm'));
  });
  it.each(Object.keys(holdReasons))('hold %s occurs in a transcript', (reason) => {
    expect(told).toMatch(new RegExp(`^\\d\\d:\\d\\d\\.\\d{3} decision  hold ${reason}:`, 'm'));
  });
  it.each(Object.keys(alarmCodes))('alarm %s is raised in a transcript', (code) => {
    expect(told).toMatch(new RegExp(`^\\d\\d:\\d\\d\\.\\d{3} alarm     raised ${code} `, 'm'));
  });
});
