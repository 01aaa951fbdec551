/** One instance's connections to the fake MySQL servers: a probe goes through the real flavour.ts and mysql-8.ts. */

import type { Failure, Probe } from '../../src/core/observation.ts';
import type { MonoMs, ServerAddress } from '../../src/core/units.ts';
import { hasGroup } from '../../src/mysql/group.ts';
import type { Build } from './build.ts';
import { thisBuild } from './build.ts';
import type { FakeMysql } from './fake-mysql.ts';

export interface FakeProber {
  /** What a probe at this moment brings; the network lies in between, and is the caller's. `target`: the server that is at its address in truth. */
  probe(server: ServerAddress, now: number, target?: ServerAddress): Probe;
  /** The kept connection broke: the next probe opens another one, and asks for `Uptime` again. */
  disconnect(server: ServerAddress): void;
}

interface Connection {
  readonly target: ServerAddress;
  readonly session: number;
  readonly process: number;
  /** As it was told when the connection began, in whole seconds; counted on from `at`. */
  readonly uptimeSeconds: number;
  readonly at: number;
}

type Reading = Pick<Build, 'querySetOf' | 'readTraits'>;

/** No connection is open yet. */
export function createFakeProber(mysql: FakeMysql, build: Reading = thisBuild): FakeProber {
  const connections = new Map<ServerAddress, Connection>();
  let sessions = 0;

  function connectionTo(address: ServerAddress, target: ServerAddress, now: number): Connection {
    const { process, startedAt } = mysql.server(target);
    const kept = connections.get(address);
    if (kept?.process === process && kept.target === target) return kept;
    sessions += 1;
    const opened = { session: sessions, target, process, uptimeSeconds: Math.floor((now - startedAt) / 1000), at: now };
    connections.set(address, opened);
    return opened;
  }

  return {
    probe(address, now, target = address) {
      const { health, process, version } = mysql.server(target);
      if (health !== 'up' && connections.get(address)?.process !== process) connections.delete(address);
      if (health === 'refusing') return { kind: 'alive', failure: failure('refused', `${address}: Too many connections`) };
      if (health !== 'up') return unreachable(address, health === 'down' ? 'connection-refused' : 'timeout');
      const set = build.querySetOf(address, build.readTraits([{ Variable_name: 'version', Value: version }]));
      if ('kind' in set) return set;
      const { session, uptimeSeconds, at } = connectionTo(address, target, now);
      const counted = uptimeSeconds + Math.floor((now - at) / 1000);
      const answers = { server: mysql.rows(target), ...mysql.coordinates(target) };
      const told = {
        answers: hasGroup(answers) ? { ...answers, group: mysql.groupRows(target) ?? [] } : answers,
        at: now as MonoMs,
        notes: new Map(),
      };
      const reading = set.read({ server: address, session, uptimeSeconds: counted, ...told });
      return reading.kind === 'facts' ? { kind: 'reachable', facts: reading.facts } : { kind: 'alive', failure: reading.failure };
    },
    disconnect: (address) => void connections.delete(address),
  };
}

/** Nothing came by the deadline. */
export const unreachable = (address: string, code = 'timeout'): Probe => ({
  kind: 'unknown',
  failure: failure(code, `${address} does not answer`),
});

const failure = (code: string, message: string): Failure => ({ code, message });
