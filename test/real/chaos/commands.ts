/** Runs a command of the machine to its end. */

import { execa } from 'execa';

/** Every command here takes milliseconds; a busy machine may need longer. */
const timeoutMs = 20_000;

/** Runs a command to its end; resolves with its output. Rejects with its message when it fails. */
export async function run(command: string, args: readonly string[], input?: string): Promise<string> {
  const result = await execa(command, [...args], {
    timeout: timeoutMs,
    ...(input === undefined ? { stdin: 'ignore' } : { input }),
  });
  return result.stdout;
}

/** Whether a command succeeds; otherwise its message. */
export async function tried(command: string, args: readonly string[]): Promise<true | string> {
  const result = await execa(command, [...args], { timeout: timeoutMs, reject: false, stdin: 'ignore' });
  return (
    result.exitCode === 0 || `${command} ${args.join(' ')}: ${result.stderr || result.message || 'failed'}`
  );
}
