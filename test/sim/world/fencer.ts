/** How an instance fences simulated servers: over the simulated network. */

import type { FenceResult } from '../../../src/core/model/fence.ts';
import type { ServerId } from '../../../src/core/model/units.ts';
import type { FenceRequest, ServerFencer } from '../../../src/ports.ts';
import { sparedAccount } from './connections.ts';
import { FencingSession } from './fencing-session.ts';
import type { Life } from './machine.ts';
import type { Host } from './network.ts';
import type { World } from './world-types.ts';

/** A lock is awaited for so many seconds, so many times. */
const [lockWaitSeconds, attempts] = [1, 3];
const boundMs = lockWaitSeconds * 1000 + 500;

export function createFencer(world: World, host: Host, life: Life): ServerFencer {
  const { timeline } = world;

  async function act(session: FencingSession, { uuid, deadline }: FenceRequest): Promise<FenceResult> {
    const failed = (code: string): FenceResult => ({ kind: 'unknown', failure: { code, message: code } });
    const opened = await session.open();
    if (opened.kind === 'error') return failed('not-open');
    const leftMs = deadline - life.clock.mono() - boundMs;
    if (leftMs <= 0) return failed('deadline');
    await session.query(`SET @until = SYSDATE(6) + INTERVAL ${Math.floor(leftMs * 1000)} MICROSECOND`);
    await session.query(`SET SESSION lock_wait_timeout = ${lockWaitSeconds}`);
    const seen = await session.query('SELECT @@server_uuid, @@global.super_read_only');
    if (seen.kind === 'error') return failed('lost');
    const [row] = seen.rows;
    if (row?.['server_uuid'] !== uuid)
      return { kind: 'not-it', uuid: String(row?.['server_uuid']) as ServerId };
    for (let attempt = 1; ; attempt += 1) {
      const set = await session.query(
        `SET GLOBAL super_read_only = IF(@@server_uuid = '${uuid}' AND SYSDATE(6) < @until, 1, 9)`,
      );
      if (set.kind === 'rows') break;
      const { errno } = set.error as { errno?: number };
      if (errno === 1227) return { kind: 'refused', failure: { code: 'no-privilege', message: 'denied' } };
      if (errno !== 1205) return failed('lost');
      if (attempt === attempts) return { kind: 'blocked', by: 'a lock' };
    }
    const list = await session.query('SELECT id FROM performance_schema.processlist');
    if (list.kind === 'error') return failed('lost');
    const clients = list.rows.filter(
      ({ user, command, host: from }) =>
        !['source_dns', 'event_scheduler', 'system user', sparedAccount].includes(String(user)) &&
        !String(command).startsWith('Binlog Dump') &&
        from !== '',
    );
    let killed = 0;
    for (const { id } of clients)
      if ((await session.query(`KILL CONNECTION ${String(id)}`)).kind === 'rows') killed += 1;
    const after = await session.query('SELECT @@global.super_read_only');
    if (after.kind === 'error' || after.rows[0]?.['super_read_only'] !== '1') return failed('not-closed');
    return { kind: 'fenced', killed, spared: list.rows.length - clients.length };
  }

  return {
    fence: (request) =>
      new Promise((resolve) => {
        const { server, uuid, deadline } = request;
        const leftMs = Math.max(0, deadline - life.clock.mono());
        const asked = { by: host, server, uuid, dueAt: timeline.now + leftMs };
        const session = new FencingSession({ world, life, asked, target: server });
        const tooLate = { code: 'deadline', message: `${server}: not fenced by the deadline` };
        life.clock.after(leftMs, () => {
          session.destroy();
          resolve({ kind: 'unknown', failure: tooLate });
        });
        void act(session, request).then(resolve);
      }),
  };
}
