/** The floor under a start: logins to real servers with TLS, and nothing else. */

import { type Connection, createConnection } from 'mysql2';
import type { MysqlServers } from '../../support/servers/mysql-fixture.ts';
import { cpuMs } from './process-cost.ts';

const atATime = 16;
const ssl = { rejectUnauthorized: false };

/** Logs in so many times, to one server after the other, and closes all connections at the end. */
export async function bareLogins(
  { servers, password }: MysqlServers,
  user: string,
  count: number,
): Promise<void> {
  const open: Connection[] = [];
  let next = 0;
  const some = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) {
      const server = servers[index % servers.length];
      if (server === undefined) return;
      const { address: host, port } = server;
      const connection = createConnection({ host, port, user, password, ssl });
      open.push(connection);
      await new Promise<void>((resolve, reject) => {
        connection.once('connect', () => resolve());
        connection.once('error', reject);
      });
    }
  };
  try {
    await Promise.all(Array.from({ length: atATime }, some));
  } finally {
    for (const connection of open) connection.destroy();
  }
}

export interface Cost {
  readonly ms: number;
  readonly programCpuMs: number;
  readonly serversCpuMs: number;
}

/** What the work costs, with the CPU of the process that it returns. */
export async function costOf(
  { servers }: MysqlServers,
  work: () => Promise<{ readonly pid: number; readonly cpuBeforeMs: number }>,
): Promise<Cost> {
  const ofServers = (): number =>
    servers.reduce((sum, { pid }) => sum + (pid === undefined ? 0 : cpuMs(pid)), 0);
  const [before, begun] = [ofServers(), performance.now()];
  const { pid, cpuBeforeMs } = await work();
  return {
    ms: performance.now() - begun,
    programCpuMs: cpuMs(pid) - cpuBeforeMs,
    serversCpuMs: ofServers() - before,
  };
}
