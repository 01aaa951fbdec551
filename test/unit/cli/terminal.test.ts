/** The terminal, and the real clock and randomness. */

import { EventEmitter } from 'node:events';
import { describe, expect, test } from 'vitest';
import { openTerminal, operatorName } from '../../../src/cli/terminal.ts';
import { systemClock, systemRandom } from '../../../src/daemon/clock.ts';

function stream(isTTY: boolean) {
  const written: string[] = [];
  const emitter = Object.assign(new EventEmitter(), {
    isTTY,
    write: (text: string) => written.push(text) > 0,
  });
  return { written, emitter, stream: emitter as unknown as NodeJS.WritableStream & { isTTY: true } };
}

describe('the terminal', () => {
  test('drops output without a reader, and nothing else', () => {
    const stdout = stream(false);
    const terminal = openTerminal({ stdout: stdout.stream, stderr: stream(false).stream, env: {} });
    terminal.out('a');
    expect(terminal.closed()).toBe(false);
    stdout.emitter.emit('error', Object.assign(new Error('write'), { code: 'EPIPE' }));
    terminal.out('b');
    expect(terminal.closed()).toBe(true);
    expect(stdout.written).toEqual(['a']);
    expect(terminal.failed()).toBe(false);
  });

  test('reports a full disk once, and continues', () => {
    const stderr = stream(false);
    const full = Object.assign(new Error('write'), { code: 'ENOSPC' });
    const stdout = stream(false);
    stdout.emitter.write = () => {
      throw full;
    };
    const terminal = openTerminal({ stdout: stdout.stream, stderr: stderr.stream, env: {} });
    terminal.out('a');
    terminal.out('b');
    stdout.emitter.emit('error', full);
    expect(stderr.written).toEqual(['the output cannot be written: ENOSPC\n']);
    expect([terminal.closed(), terminal.failed()]).toEqual([true, true]);
  });

  test.each([
    [true, {}, true],
    [true, { NO_COLOR: '' }, true],
    [true, { NO_COLOR: '1' }, false],
    [true, { TERM: 'dumb' }, false],
    [false, {}, false],
    [false, { FORCE_COLOR: '1' }, true],
    [false, { FORCE_COLOR: '1', NO_COLOR: '1' }, false],
    [true, { FORCE_COLOR: '0' }, false],
    [true, { FORCE_COLOR: '' }, true],
  ])('a terminal: %s with %o: colours %s', (isTTY, env, colours) => {
    expect(openTerminal({ stdout: stream(isTTY).stream, stderr: stream(false).stream, env }).colours).toBe(
      colours,
    );
  });

  test('names the operator in characters of the ledger', () => {
    expect(operatorName()).toMatch(/^[A-Za-z0-9._@-]{1,64}$/);
  });
});

describe('the real clock and randomness', () => {
  test('give tokens of at least 80 bits that PowerDNS cannot confuse', () => {
    const tokens = Array.from({ length: 1000 }, () => systemRandom.token());
    for (const token of tokens) expect(token).toMatch(/^[0-9a-z]{19}$/);
    expect(new Set(tokens).size).toBe(1000);
  });

  test('do not shorten a very long wait to none', async () => {
    let called = false;
    const cancel = systemClock.after(2 ** 40, () => {
      called = true;
    });
    await new Promise<void>((resolve) => {
      systemClock.after(-5, resolve);
    });
    expect(called).toBe(false);
    cancel();
  });
});
