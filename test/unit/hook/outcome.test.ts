/** The exit code of a hook, and its line. */

import { describe, expect, test } from 'vitest';
import { exitCodes } from '../../../src/cli/exit-code.ts';
import type { HookCall, HookTool } from '../../../src/hook/claim.ts';
import { hookEnd, outcomeOf } from '../../../src/hook/outcome.ts';

const call = (tool: HookTool, ...words: readonly string[]): HookCall => ({ tool, words, env: {}, host: 'h' });
const kinds = ['done', 'failed', 'usage', 'held', 'unreachable', 'lost-race'] as const;

describe('the exit code', () => {
  test('is that of every command', () => {
    for (const kind of kinds)
      expect(hookEnd(call('orchestrator'), { kind, sentence: '' }).code).toBe(exitCodes[kind]);
  });

  test.each(['start', 'stop', 'stopssh', 'begin'])('for MHA at %s is 0 or 10', (command) => {
    for (const tool of ['mha', 'mha-online'] as const)
      for (const kind of kinds)
        expect(hookEnd(call(tool, `--command=${command}`), { kind, sentence: '' }).code).toBe(
          kind === 'done' ? 0 : 10,
        );
  });

  test('for MHA at its start is not hidden', () => {
    expect(hookEnd(call('mha', '--command=status'), { kind: 'usage', sentence: '' }).code).toBe(2);
  });
});

test('the line is one line of printable text, with MaxScale its level first', () => {
  const sentence = 'a\nb\x1b[31m c é';
  expect(hookEnd(call('mha'), { kind: 'held', sentence }).line).toBe('source-dns hook mha: a b [31m c  ');
  expect(hookEnd(call('maxscale'), { kind: 'held', sentence: 'x' }).line).toBe(
    'error: source-dns hook maxscale: x',
  );
  expect(hookEnd(call('mha'), { kind: 'held', sentence: 'x'.repeat(9999) }).line.length).toBe(2000);
});

test('of several publications the worst one decides, and the same sentence comes once', () => {
  const result = (kind: 'done' | 'held', sentence: string) => ({
    nameserver: 'n',
    kind,
    code: 'c',
    sentence,
  });
  expect(outcomeOf('shop', [result('done', 'A.'), result('held', 'B.'), result('done', 'A.')])).toEqual({
    kind: 'held',
    cluster: 'shop',
    sentence: 'shop: done (c): A. | held (c): B.',
  });
});
