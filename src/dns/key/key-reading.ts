/** Reads a key file and checks its rights, before anything is sent. */
import { constants, type Stats } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Failure } from '../../core/model/observation.ts';
import { maxKeyFileBytes, type ParsedKey, parseKeyFile } from './keyfile.ts';

interface KeySource {
  readonly keyFile?: string;
  /** The text of `keyFile`, if it was already read; then its rights were checked, too. */
  readonly keyText?: string;
  readonly keyName?: string;
}

/** The key, if any. Fails with `key-unreadable` and as parseKeyFile does. Never waits, never rejects. */
export async function readKey({ keyFile, keyText, keyName }: KeySource): Promise<ParsedKey | undefined> {
  if (keyText !== undefined) return parseKeyFile(keyText, keyFile ?? 'of the configuration', keyName);
  if (keyFile === undefined) return undefined;
  try {
    // O_NONBLOCK: opening a FIFO would wait for a writer.
    const handle = await open(keyFile, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stats = await handle.stat();
      if (stats.isDirectory())
        return unreadable(
          keyFile,
          'it is a folder',
          'Set key_file to the file in that folder that has the key.',
        );
      if (!stats.isFile())
        return unreadable(keyFile, 'it is not a regular file', 'Set key_file to a regular file on disk.');
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(maxKeyFileBytes + 1), 0);
      if (bytesRead > maxKeyFileBytes)
        return unreadable(
          keyFile,
          `it has more than ${maxKeyFileBytes} bytes`,
          'Copy only the key statement into another file.',
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
      code === 'ENOENT' ? 'The file does not exist. Check the spelling of key_file.' : rightsHint,
    );
  }
}

const rightsHint = 'The user that runs source-dns must be able to read the file, and nobody else.';

const unreadable = (file: string, why: string, hint: string): ParsedKey => ({
  kind: 'invalid',
  failure: {
    code: 'key-unreadable',
    message: `source-dns cannot read the key file ${file}: ${why}. Nothing was sent.`,
    hint,
  },
});

/**
 * Who else may have the key. `key-exposed`: everybody on this host may read or change it, or its group may
 * change it. `key-group-readable`: its group may read it although we own it, so we do not need that.
 */
export function rightsWarnings(file: string, { mode, uid }: Pick<Stats, 'mode' | 'uid'>): readonly Failure[] {
  const rights = `0${(mode & 0o777).toString(8)}`;
  if ((mode & 0o026) !== 0)
    return [
      {
        code: 'key-exposed',
        message: `The key file ${file} has rights ${rights}: others can ${(mode & 0o022) !== 0 ? 'change' : 'read'} it, and everybody with the key can move the name.`,
        hint: `Run chmod 0600 ${file} (0640 if only its group needs it). Make a new key if others had this one.`,
      },
    ];
  if ((mode & 0o040) === 0 || uid !== process.geteuid?.()) return [];
  return [
    {
      code: 'key-group-readable',
      message: `The key file ${file} has rights ${rights}: its group can read it, and everybody with the key can move the name.`,
      hint: `Run chmod 0600 ${file}, unless the nameserver reads this file through its group.`,
    },
  ];
}
