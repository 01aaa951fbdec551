/** Reads the files that the configuration names: passwords, keys, certificates. */

import { createHash } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type ConfigIssue, type ConfigPath, pathText } from './config-error.ts';
import { tokenProblem } from './http-schema.ts';
import type { FileInUse } from './loaded.ts';
import { childrenOf, leavesOf, spread, valueAt } from './raw.ts';
import { Secret } from './secret.ts';

export interface NamedFile {
  /** Absolute. */
  readonly file: string;
  readonly text: Secret;
  readonly inUse: Omit<FileInUse, 'role'>;
}

export const digestOf = (text: string): string => createHash('sha256').update(text).digest('base64');

/** All named files, by the path of their field (see `pathText`). */
export interface NamedFiles {
  readonly files: ReadonlyMap<string, NamedFile>;
  readonly issues: readonly ConfigIssue[];
  readonly warnings: readonly string[];
}

interface FileKind {
  /** `*` is every key. */
  readonly field: ConfigPath;
  readonly maxBytes: number;
  readonly secret: boolean;
  /** What to use instead of a directory, an empty file or a file that is too large. */
  readonly wanted?: string;
  /** What is wrong with the text; undefined: nothing. */
  readonly check: (text: string) => string | undefined;
}

const passwordFile = (section: string): FileKind => ({
  field: ['clusters', '*', section, 'password_file'],
  maxBytes: 4096,
  secret: true,
  check: (text) =>
    /[\r\n]/.test(text) ? 'has more than one line; it must contain only the password' : undefined,
});

const fileKinds: readonly FileKind[] = [
  passwordFile('mysql'),
  passwordFile('fence'),
  {
    field: ['clusters', '*', 'mysql', 'ca_file'],
    maxBytes: 1_048_576,
    secret: false,
    check: (text) =>
      text.includes('-----BEGIN CERTIFICATE-----')
        ? undefined
        : 'contains no PEM certificate (-----BEGIN CERTIFICATE-----)',
  },
  {
    field: ['nameservers', '*', 'key_file'],
    maxBytes: 65_536,
    secret: true,
    wanted: 'use a file that contains only the key, as tsig-keygen prints it',
    check: () => undefined,
  },
  { field: ['http', 'token_file'], maxBytes: 4096, secret: true, check: tokenProblem },
];

const failures: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  EACCES: 'cannot be read by this user; change its owner or its permissions',
  EPERM: 'cannot be read by this user; change its owner or its permissions',
  EISDIR: 'is a directory',
  ENOTDIR: 'is below something that is not a directory',
  ELOOP: 'is a symbolic link to itself',
};

/** The end of a sentence. */
const fileFailure = (error: unknown): string => {
  const code =
    error instanceof Error && 'code' in error && typeof error.code === 'string'
      ? error.code
      : 'unknown error';
  return failures[code] ?? `cannot be read (${code})`;
};

type BoundedRead =
  | { readonly kind: 'read'; readonly text: string; readonly stats: Stats }
  /** `content`: the path is right, but not what is there. */
  | { readonly kind: 'failed'; readonly problem: string; readonly about: 'content' | 'access' };

/** Reads a regular file of at most `maxBytes`. Never waits: a FIFO or a device is refused. */
export async function readBounded(file: string, maxBytes: number): Promise<BoundedRead> {
  let handle: FileHandle | undefined;
  try {
    // O_NONBLOCK: without it, open() waits for the writer of a FIFO.
    handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    const stats = await handle.stat();
    if (stats.isDirectory()) return { kind: 'failed', problem: 'is a directory', about: 'content' };
    if (!stats.isFile()) return { kind: 'failed', problem: 'is not a regular file', about: 'access' };
    const bytes = await readAll(handle, maxBytes + 1);
    if (bytes.length > maxBytes)
      return { kind: 'failed', problem: `is too large: at most ${maxBytes} bytes`, about: 'content' };
    return { kind: 'read', text: bytes.toString('utf8'), stats };
  } catch (error) {
    return { kind: 'failed', problem: fileFailure(error), about: 'access' };
  } finally {
    await handle?.close();
  }
}

/** To the end, whatever size the file claims: FUSE and /proc claim none, and give parts. */
async function readAll(handle: FileHandle, maxBytes: number): Promise<Buffer> {
  const buffer = Buffer.alloc(maxBytes);
  let length = 0;
  while (length < maxBytes) {
    const { bytesRead } = await handle.read(buffer, length, maxBytes - length, length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return buffer.subarray(0, length);
}

/** Whether every user of this host may change the file. */
export const isOpenToAll = (stats: Stats): boolean => (stats.mode & 0o002) !== 0;

/** Why the permissions of the file are too wide for a secret; undefined: they are not. */
export function wideRights(stats: Stats): string | undefined {
  if (isOpenToAll(stats)) return 'can be changed by every user of this host; run chmod 0640 on it';
  return (stats.mode & 0o004) === 0
    ? undefined
    : 'can be read by every user of this host; run chmod 0640 on it';
}

type OneFile =
  | { readonly named: NamedFile; readonly warning: string | undefined }
  | { readonly problem: string };

async function readNamed(file: string, kind: FileKind): Promise<OneFile> {
  const outcome = await readBounded(file, kind.maxBytes);
  const told = (problem: string): OneFile => ({
    problem: kind.wanted === undefined ? problem : `${problem}; ${kind.wanted}`,
  });
  if (outcome.kind === 'failed') return outcome.about === 'content' ? told(outcome.problem) : outcome;
  const text = outcome.text.replace(/\r?\n$/, '');
  if (text.trim() === '') return told('is empty');
  const problem = kind.check(text);
  if (problem !== undefined) return { problem };
  return {
    named: {
      file,
      text: new Secret(text),
      inUse: { file, maxBytes: kind.maxBytes, digest: digestOf(outcome.text) },
    },
    warning: kind.secret ? wideRights(outcome.stats) : undefined,
  };
}

/**
 * Base64, as the secrets of keys are: a path hardly ends with `=`. Or hexadecimal, as we propose for a token.
 * No message may contain it.
 */
const looksLikeSecret = (value: string): boolean =>
  /^[A-Za-z0-9+/]{14,}={1,2}$/.test(value) ||
  /^[0-9a-f]{32,}$/i.test(value) ||
  /^hmac-[^:]*:[^:]*:./i.test(value);

function namesNone(value: string, folder: string, kind: FileKind, problem: string): string {
  if (kind.secret && looksLikeSecret(value))
    return 'looks like the secret itself, not like the path of a file; write the secret into a file, and its path here';
  return `the file ${value.startsWith('/') ? '{value}' : `{value} (relative to ${folder})`} ${problem}`;
}

/** Relative paths start at `folder`. The schema reports fields that are not text. */
export async function readNamedFiles(raw: unknown, folder: string): Promise<NamedFiles> {
  const files = new Map<string, NamedFile>();
  const issues: ConfigIssue[] = [];
  const warnings: string[] = [];
  for (const kind of fileKinds) {
    for (const path of spread(raw, kind.field)) {
      const value = valueAt(raw, path);
      if (typeof value !== 'string' || value === '') continue;
      const file = resolve(folder, value);
      const outcome = await readNamed(file, kind);
      if ('problem' in outcome) {
        issues.push({ path, message: namesNone(value, folder, kind, outcome.problem) });
        continue;
      }
      files.set(pathText(path), outcome.named);
      if (outcome.warning !== undefined) warnings.push(`${pathText(path)}: ${file} ${outcome.warning}`);
    }
  }
  return { files, issues, warnings };
}

/** The sections of a cluster that have a password. */
export const accountSections = ['mysql', 'fence'] as const;

/** Where the file has a secret, or names a file that may not be readable for everybody. */
export const secretPaths = (raw: unknown): readonly ConfigPath[] => [
  ...childrenOf(raw, ['clusters']).flatMap(([name]) =>
    accountSections.map((section) => ['clusters', name, section, 'password']),
  ),
  ...fileKinds.flatMap(({ field }) => spread(raw, field)),
  // A URL, a header, a variable or an argument: any of them may be a token.
  ...leavesOf(raw, ['hooks']),
];
