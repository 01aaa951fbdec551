/** Wrong builds of the following pool: the stories must catch each of them, and the right build must pass. */

import { Socket } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import type { CorePool } from '../../../src/client/driver.ts';
import { openStage, type Stage } from '../../support/following-pool.ts';
import { demotedSource, drainedConnection, hungSource, laggingNameserver } from './stories.ts';

const open: Stage[] = [];
afterEach(async () => {
  for (const stage of open.splice(0)) await stage.end();
  vi.doUnmock('../../../src/client/target.ts');
  vi.doUnmock('../../../src/client/verify.ts');
  vi.doUnmock('node:net');
});

async function stage(): Promise<Stage> {
  vi.resetModules();
  const { followPool } = await import('../../../src/client/follow.ts');
  const opened = openStage({ followPool });
  open.push(opened);
  return opened;
}

const stories = { laggingNameserver, demotedSource, hungSource, drainedConnection };

test.each(Object.entries(stories))('the right build: %s', async (_name, story) => {
  await story(await stage());
});

test('a build that takes every epoch is caught', async () => {
  vi.doMock('../../../src/client/target.ts', async (original) => ({
    ...(await original<typeof import('../../../src/client/target.ts')>()),
    isNewer: () => true,
  }));
  await expect(laggingNameserver(await stage())).rejects.toThrow();
});

test('a build that verifies nothing is caught', async () => {
  vi.doMock('../../../src/client/verify.ts', async (original) => ({
    ...(await original<typeof import('../../../src/client/verify.ts')>()),
    factsOf: async (_connection: object, { uuid }: { uuid: string }) => ({
      identity: uuid,
      isWritable: true,
    }),
  }));
  await expect(demotedSource(await stage())).rejects.toThrow();
});

/** What `destroy` of the driver does to the socket. */
class HalfClosing extends Socket {
  override destroy(error?: Error): this {
    return error && 'code' in error && error.code === 'SOURCE_MOVED' ? this.end() : super.destroy(error);
  }
}

test('a build that closes its half of a socket, and destroys it not, is caught', async () => {
  vi.doMock('node:net', async (original) => ({
    ...(await original<typeof import('node:net')>()),
    Socket: HalfClosing,
  }));
  await expect(hungSource(await stage())).rejects.toThrow();
});

test('a build that does not see connections come back is caught', async () => {
  const right = await stage();
  const wrong: Stage = {
    ...right,
    pool: (...given) => {
      const pool = right.pool(...given);
      // What is on the instance is ours.
      delete (pool as unknown as { pool: Partial<CorePool> }).pool.releaseConnection;
      return pool;
    },
  };
  await expect(drainedConnection(wrong)).rejects.toThrow();
});
