/**
 * The form of test/scenarios/transcripts: comment lines, then blocks of command lines, `----` and their
 * output, up to an empty line. To play a transcript is to keep its comments and commands, and to print the
 * outputs anew.
 */

/** One block: its commands and the comments before them. */
export interface Block {
  readonly comments: readonly string[];
  readonly commands: readonly string[];
}

/** Reads the comments and commands; the outputs are not looked at. */
export function parseTranscript(text: string): readonly Block[] {
  const blocks: Block[] = [];
  let comments: string[] = [];
  let commands: string[] = [];
  let inOutput = false;
  for (const line of text.split('\n')) {
    if (inOutput) {
      inOutput = line !== '';
    } else if (line === '----') {
      blocks.push({ comments, commands });
      comments = [];
      commands = [];
      inOutput = true;
    } else if (line.startsWith('#')) {
      comments.push(line);
    } else if (line.trim() !== '') {
      commands.push(line.trim());
    }
  }
  if (commands.length > 0) blocks.push({ comments, commands });
  return blocks;
}

/** The transcript with these outputs. */
export function formatTranscript(blocks: readonly Block[], outputs: readonly (readonly string[])[]): string {
  const printed = blocks.map(({ comments, commands }, index) => {
    const output = outputs[index] ?? [];
    return [...comments, ...commands, '----', ...(output.length > 0 ? output : ['(nothing)'])].join('\n');
  });
  return `${printed.join('\n\n')}\n`;
}
