/** Plays transcripts as tests. They are played by several test files, so that several cores play them. */

import { expect, test } from 'vitest';
import { Script } from './script.ts';
import { pathOf, textOf } from './told.ts';
import { formatTranscript, parseTranscript } from './transcript.ts';

/** What comes of a transcript's commands, in its own form. */
function replay(text: string): string {
  const blocks = parseTranscript(text);
  const script = new Script();
  const outputs = blocks.map(({ commands }) => commands.flatMap((command) => script.play(command)));
  return formatTranscript(blocks, outputs);
}

/** One test for each: what comes of it is what its file says. */
export const replayed = (transcripts: readonly string[]): void =>
  test.each(transcripts)('%s', async (transcript) => {
    await expect(replay(textOf(transcript))).toMatchFileSnapshot(pathOf(transcript));
  });
