/** Reads a key file and looks at its rights, before anything is sent. */
import { constants, type Stats } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Failure } from '../../core/model/observation.ts';
import { maxKeyFileBytes, type ParsedKey, parseKeyFile } from './keyfile.ts';

interface KeySource {
  readonly keyFile?: string;
  /** The text of `keyFile`, where it was read already; its rights were looked at then. */
  readonly keyText?: string;
  readonly keyName?: string;
}

/** The key, or undefined where none is wanted. Fails with `key-unreadable` and as parseKeyFile does. Never waits, never rejects. */
export async function readKey({ keyFile, keyText, keyName }: KeySource): Promise<ParsedKey | undefined> {
  if (keyText !== undefined) return parseKeyFile(keyText, keyFile ?? 'of the configuration', keyName);
  if (keyFile === undefined) return undefined;
  try {
    // O_NONBLOCK: opening a FIFO would otherwise wait for a writer.
    const handle = await open(keyFile, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stats = await handle.stat();
      if (stats.isDirectory())
        return unreadable(keyFile, 'it is a folder', 'Set key_file to the file in it that has the key.');
      if (!stats.isFile())
        return unreadable(keyFile, 'it is no regular file', 'Set key_file to a file that stays on disk.');
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(maxKeyFileBytes + 1), 0);
      if (bytesRead > maxKeyFileBytes)
        return unreadable(
          keyFile,
          `it has more than ${maxKeyFileBytes} bytes`,
          'Copy the key statement alone into a file of its own.',
        );
      const parsed = parseKeyFile(buffer.toString('utf8', 0, bytesRead), keyFile, keyName);
      return parsed.kind === 'invalid'
        ? parsed
        : { ...parsed, warnings: [...parsed.warnings, ...rightsWarnings(keyFile, stats)] };
    } finally {
      await handle.close();
    }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    return unreadable(
      keyFile,
      code,
      code === 'ENOENT' ? 'It does not exist: is key_file spelled right?' : rightsHint,
    );
  }
}

const rightsHint = 'It must be readable by the user that runs source-dns (and by nobody else).';

const unreadable = (file: string, why: string, hint: string): ParsedKey => ({
  kind: 'invalid',
  failure: {
    code: 'key-unreadable',
    message: `The key file ${file} could not be read: ${why}. Nothing was sent.`,
    hint,
  },
});

/**
 * Whose hands the key may be in besides ours. `key-exposed`: everybody on this host may read or change it, or its group may change it.
 * `key-group-readable`: its group may read it though we are its owner, so that we do not need that.
 */
export function rightsWarnings(file: string, { mode, uid }: Pick<Stats, 'mode' | 'uid'>): readonly Failure[] {
  const rights = `0${(mode & 0o777).toString(8)}`;
  if ((mode & 0o026) !== 0)
    return [
      {
        code: 'key-exposed',
        message: `The key file ${file} has rights ${rights}: others can ${(mode & 0o022) !== 0 ? 'change' : 'read'} it, and who has the key can move the name.`,
        hint: `chmod 0600 ${file} (0640 where only its group needs it), and make a new key if others had this one.`,
      },
    ];
  if ((mode & 0o040) === 0 || uid !== process.geteuid?.()) return [];
  return [
    {
      code: 'key-group-readable',
      message: `The key file ${file} has rights ${rights}: its group can read it, and who has the key can move the name.`,
      hint: `chmod 0600 ${file}, unless the nameserver reads this very file through its group.`,
    },
  ];
}
