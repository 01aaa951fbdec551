/**
 * The state directory without reading the whole configuration: for a hook, which is started in a hurry. Only
 * in a file that leaves no doubt; in every valid file, the answer is that of load.ts (docs/decisions/026).
 */

import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { locateConfig } from './locate.ts';
import { type Surroundings, stateFolder, surroundings } from './surroundings.ts';

/** As in load.ts. */
const maxFileBytes = 16_777_216;

/** Undefined: in doubt, or there is no such file. Never rejects. */
export async function quickStateFolder(
  configFlag: string | undefined,
  around: Surroundings = surroundings(),
): Promise<string | undefined> {
  const located = await locateConfig(configFlag, around);
  if (located.kind !== 'found') return undefined;
  const text = await textOf(located.file);
  const found = text === undefined ? undefined : plainStateDir(text);
  return found && stateFolder(found.value, located.file, around);
}

async function textOf(file: string): Promise<string | undefined> {
  let handle: FileHandle | undefined;
  try {
    // Else to open a pipe waits for its writer.
    handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = await handle.stat();
    return stats.isFile() && stats.size <= maxFileBytes ? await handle.readFile('utf8') : undefined;
  } catch {
    return undefined;
  } finally {
    await handle?.close();
  }
}

/** A key of the top level, as everybody writes it. */
const plainKey = /^[a-z_]+:(?= |$)/;
/** A path, as everybody writes it. Without a `$` nothing is filled in. */
const plainPath = /^state_dir: +((?:\.{1,2}\/)?[A-Za-z/][A-Za-z0-9_./-]*)(?: +#.*)? *$/;
/** Words that are no text in YAML. */
const noText = /^(?:true|false|null)$/i;

/**
 * The value of `state_dir`; `{}`: there is none. Undefined: in doubt. In a YAML file whose lines without
 * indentation are all plain keys, such a line is a key of the top level: text and flow collections of several
 * lines are indented (YAML 1.2.2, 6.1 and 8.1.1).
 */
export function plainStateDir(text: string): { readonly value?: string } | undefined {
  // Anything but printable ASCII and line feeds: tabs, carriage returns, a byte order mark.
  if (/[^ -~\n]/.test(text)) return undefined;
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.trim().startsWith('#'));
  if (lines.some((line) => !line.startsWith(' ') && !plainKey.test(line))) return undefined;
  if (lines[0]?.startsWith(' ')) return undefined;
  // Also in a merged or quoted key.
  const [at, ...more] = lines.flatMap((line, index) => (line.includes('state_dir') ? [index] : []));
  if (at === undefined) return {};
  const value = plainPath.exec(lines[at] ?? '')?.[1];
  // The next line may continue the value.
  if (value === undefined || noText.test(value)) return undefined;
  return more.length > 0 || lines[at + 1]?.startsWith(' ') ? undefined : { value };
}
