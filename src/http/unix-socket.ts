/** The unix socket of the API: also what keeps a second daemon away from the same state directory. */

import { randomBytes } from 'node:crypto';
import { link, lstat, rename, unlink } from 'node:fs/promises';
import { connect, type Server } from 'node:net';
import { dirname, join } from 'node:path';
import type { Failure } from '../core/model/observation.ts';
import { makeFolder } from '../daemon/state-dir.ts';

/** sockaddr_un holds 108 bytes, the last one a NUL (unix(7)). */
const longestPathBytes = 107;
/** How long a socket that is there may take to accept: a daemon that is busy must not be taken for a dead one. */
const probeMs = 2000;
/** rw-rw----: the file rights are the API's access control. */
const socketUmask = 0o117;

/** Where the daemon of this state directory listens. */
export const apiSocketPath = (stateDir: string): string => join(stateDir, 'api.sock');

/** Why no socket can be at this path, or undefined. */
export function socketPathFailure(path: string): Failure | undefined {
  const bytes = Buffer.byteLength(path);
  if (bytes <= longestPathBytes) return undefined;
  return {
    code: 'socket-path-too-long',
    message: `${path} has ${bytes} bytes; the path of a unix socket may have at most ${longestPathBytes}`,
    hint: 'choose a shorter state_dir in the configuration',
  };
}

type ClaimedSocket =
  | { readonly kind: 'claimed'; release(): Promise<void> }
  | { readonly kind: 'failed'; readonly failure: Failure };

/**
 * Lets `server` listen at `path`, where no other process does; what a crashed one left is removed. The socket is bound under another name and
 * then linked: so it appears with its final rights, and of two daemons that start at once one finds the name taken. Never rejects.
 */
export async function claimSocket(server: Server, path: string): Promise<ClaimedSocket> {
  const tooLong = socketPathFailure(path);
  if (tooLong !== undefined) return { kind: 'failed', failure: tooLong };
  // As long as `api.sock`, so that the limit holds for it, too.
  const draft = join(dirname(path), `.${randomBytes(4).toString('hex').slice(0, 7)}`);
  try {
    await makeFolder(dirname(path));
    await listen(server, draft);
    const { ino } = await lstat(draft);
    const taken = await publish(draft, path);
    await unlink(draft);
    if (taken === undefined) return { kind: 'claimed', release: () => release(server, path, ino) };
    await closed(server);
    return { kind: 'failed', failure: taken };
  } catch (error) {
    await closed(server);
    return { kind: 'failed', failure: unusable(path, error) };
  }
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    const before = process.umask(socketUmask);
    try {
      // The socket is bound within this call, so nobody else's file gets our umask.
      server.listen(path, () => {
        server.off('error', reject);
        resolve();
      });
    } finally {
      process.umask(before);
    }
  });
}

/** Why the name cannot be had; undefined: it is ours. */
async function publish(draft: string, path: string): Promise<Failure | undefined> {
  if (await linked(draft, path)) return undefined;
  const there = await lstat(path);
  // Only a socket can be what a daemon of ours left.
  if (!there.isSocket()) return notASocket(path);
  const listener = await listenerAt(path);
  if (listener !== 'none') return listener === 'there' ? inUse(path) : unknownListener(path);
  // Moved away first: between the look and the removal, another one may have put its own there.
  const old = `${draft}o`;
  await rename(path, old);
  const ours = (await lstat(old)).ino === there.ino;
  if (!ours) await linked(old, path);
  await unlink(old);
  return ours && (await linked(draft, path)) ? undefined : inUse(path);
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Whether a process listens there. One that does not answer in time is taken for alive: refusing to start is the safe mistake. */
function listenerAt(path: string): Promise<'there' | 'none' | 'unknown'> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const end = (found: 'there' | 'none' | 'unknown'): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(found);
    };
    const timer = setTimeout(() => end('there'), probeMs);
    socket.once('connect', () => end('there'));
    socket.once('error', ({ code }: NodeJS.ErrnoException) => {
      if (code === 'ECONNREFUSED' || code === 'ENOENT') end('none');
      else end(code === 'EACCES' || code === 'EPERM' ? 'unknown' : 'there');
    });
  });
}

async function release(server: Server, path: string, ino: number): Promise<void> {
  await closed(server);
  try {
    // Only our own: someone may have removed it and started another daemon.
    if ((await lstat(path)).ino === ino) await unlink(path);
  } catch {
    // Gone already: that is what we want.
  }
}

const closed = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    // A server that does not listen says so as an error, which is as good.
    server.close(() => resolve());
  });

const inUse = (path: string): Failure => ({
  code: 'already-running',
  message: `another source-dns runs with this state directory: it listens on ${path}`,
  hint: 'stop it first, or give this one a state_dir of its own',
});

const notASocket = (path: string): Failure => ({
  code: 'socket-path-taken',
  message: `${path} exists and is not a socket, so source-dns did not put it there`,
  hint: 'move it away, or choose another state_dir in the configuration',
});

const unknownListener = (path: string): Failure => ({
  code: 'socket-unusable',
  message: `${path} is a socket that this user may not use, so source-dns cannot tell whether another instance listens there`,
  hint: 'stop the other one, remove its socket, or choose another state_dir in the configuration',
});

function unusable(path: string, error: unknown): Failure {
  const reason = (error as NodeJS.ErrnoException).code ?? String(error);
  return {
    code: 'socket-unusable',
    message: `cannot listen on ${path}: ${reason}`,
    hint: `${dirname(path)} must be a directory that this user may write to, on a file system that has unix sockets`,
  };
}
