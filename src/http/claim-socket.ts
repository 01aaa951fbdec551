/** Takes the unix socket of the API. It also keeps a second daemon away from the same state directory. */

import { randomBytes } from 'node:crypto';
import { link, lstat, rename, unlink } from 'node:fs/promises';
import { connect, type Server } from 'node:net';
import { dirname, join } from 'node:path';
import type { Failure } from '../core/model/observation.ts';
import { makeFolder } from '../daemon/state-dir.ts';
import { socketPathFailure } from './unix-socket.ts';

/** How long a listener may take to accept: a busy daemon must not count as dead. */
const probeMs = 2000;
/** rw-rw----: the file mode is the access control of the API. */
const socketUmask = 0o117;

type ClaimedSocket =
  | { readonly kind: 'claimed'; release(): Promise<void> }
  | { readonly kind: 'failed'; readonly failure: Failure };

/**
 * Lets `server` listen at `path`, unless another process does; removes the socket of a crashed one. The
 * socket is bound under another name and then linked: it appears with its final mode, and of two daemons that
 * start at once, one finds the name taken. Never rejects.
 */
export async function claimSocket(server: Server, path: string): Promise<ClaimedSocket> {
  const tooLong = socketPathFailure(path);
  if (tooLong !== undefined) return { kind: 'failed', failure: tooLong };
  // As long as `api.sock`, so the limit holds for it too.
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
      // The socket is bound within this call, so no other file gets this umask.
      server.listen(path, () => {
        server.off('error', reject);
        resolve();
      });
    } finally {
      process.umask(before);
    }
  });
}

/** Why the name is not available; undefined: it is ours. */
async function publish(draft: string, path: string): Promise<Failure | undefined> {
  if (await linked(draft, path)) return undefined;
  const there = await lstat(path);
  // A daemon of ours can only have left a socket.
  if (!there.isSocket()) return notASocket(path);
  const listener = await listenerAt(path);
  if (listener !== 'none') return listener === 'there' ? inUse(path) : unknownListener(path);
  // Renamed first: since the look, another daemon may have put its own socket there.
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

/** Whether a process listens there. A silent one counts as alive: not to start is the safe mistake. */
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
    // Only our own: another daemon may have replaced it.
    if ((await lstat(path)).ino === ino) await unlink(path);
  } catch {
    // Already gone.
  }
}

const closed = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    // A server that does not listen reports an error, which is fine.
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
