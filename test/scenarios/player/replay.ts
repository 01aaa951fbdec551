/** Plays transcripts as tests. Several test files play them, so that several cores do. */

import { expect, test } from 'vitest';
import { Script } from './script.ts';
import { pathOf, textOf } from './told.ts';
import { formatTranscript, parseTranscript } from './transcript.ts';

/** The result of the commands of a transcript, in the form of a transcript. */
function replay(text: string): string {
  const blocks = parseTranscript(text);
  const script = new Script();
  const outputs = blocks.map(({ commands }) => commands.flatMap((command) => script.play(command)));
  return formatTranscript(blocks, outputs);
}

/** One test for each transcript: its file has the result. */
export const replayed = (transcripts: readonly string[]): void =>
  test.each(transcripts)('%s', async (transcript) => {
    await expect(replay(textOf(transcript))).toMatchFileSnapshot(pathOf(transcript));
  });
