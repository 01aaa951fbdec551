/**
 * The connections of one instance to the fake MySQL servers: a probe uses the real flavour.ts and mysql-8.ts.
 */

import type { Failure, Probe } from '../../src/core/model/observation.ts';
import type { MonoMs, ServerAddress } from '../../src/core/model/units.ts';
import { classify } from '../../src/mysql/answer/failures.ts';
import { hasGroup } from '../../src/mysql/answer/group-rows.ts';
import { Kept } from '../../src/mysql/answer/kept.ts';
import { type Build, thisBuild } from '../sim/mutants/build.ts';
import type { FakeMysql, FakeServer } from './fake-mysql.ts';

export interface FakeProber {
  /**
   * The result of a probe at this moment; the caller simulates the network. `target`: the true server at its
   * address.
   */
  probe(server: ServerAddress, now: number, target?: ServerAddress): Probe;
  /**
   * The result of a glance at this moment: whether the server at the other end of the kept connection is as
   * the last probe saw it. Undefined: no connection is open, or no probe saw it yet.
   */
  glance(server: ServerAddress, target?: ServerAddress): 'same' | 'differs' | undefined;
  /** The kept connection broke: the next probe opens a new one, and asks for `Uptime` again. */
  disconnect(server: ServerAddress): void;
}

interface Connection {
  readonly target: ServerAddress;
  readonly session: number;
  readonly process: number;
  /** The value at the beginning of the connection, in whole seconds; counted on from `at`. */
  readonly uptimeSeconds: number;
  readonly at: number;
  /** What the last probe read, as the real connections keep it. */
  readonly kept: Kept;
  /** What a glance shows, as the last probe saw it. */
  seen?: string;
}

type Reading = Pick<Build, 'querySetOf' | 'readTraits'>;

/** No connection is open yet. */
export function createFakeProber(mysql: FakeMysql, build: Reading = thisBuild): FakeProber {
  const connections = new Map<ServerAddress, Connection>();
  const querySets = new Map<string, ReturnType<Build['querySetOf']>>();
  let sessions = 0;

  /** A server shows the same version again and again. */
  function querySetFor(address: ServerAddress, version: string): ReturnType<Build['querySetOf']> {
    const key = `${address} ${version}`;
    const set =
      querySets.get(key) ??
      build.querySetOf(address, build.readTraits([{ Variable_name: 'version', Value: version }]));
    querySets.set(key, set);
    return set;
  }

  function connectionTo(address: ServerAddress, target: ServerAddress, now: number): Connection {
    const { process, startedAt } = mysql.server(target);
    const kept = connections.get(address);
    if (kept?.process === process && kept.target === target) return kept;
    sessions += 1;
    const opened = {
      session: sessions,
      target,
      process,
      uptimeSeconds: Math.floor((now - startedAt) / 1000),
      at: now,
      kept: new Kept(),
    };
    connections.set(address, opened);
    return opened;
  }

  return {
    probe(address, now, target = address) {
      const { health, process, version, offlineMode } = mysql.server(target);
      if (health !== 'up' && connections.get(address)?.process !== process) connections.delete(address);
      if (health !== 'up') return notServed(address, health, offlineMode);
      const set = querySetFor(address, version);
      if ('kind' in set) return set;
      const connection = connectionTo(address, target, now);
      const { session, uptimeSeconds, at, kept } = connection;
      kept.beginProbe();
      const counted = uptimeSeconds + Math.floor((now - at) / 1000);
      const answers = { server: mysql.rows(target), ...mysql.coordinates(target) };
      connection.seen = glanceOf(mysql.server(target));
      const told = {
        answers: hasGroup(answers) ? { ...answers, group: mysql.groupRows(target) ?? [] } : answers,
        at: now as MonoMs,
        notes: new Map(),
        kept,
      };
      const reading = set.read({ server: address, session, uptimeSeconds: counted, ...told });
      return reading.kind === 'facts'
        ? { kind: 'reachable', facts: reading.facts }
        : { kind: 'alive', failure: reading.failure };
    },
    glance(address, target = address) {
      const { health, process } = mysql.server(target);
      const kept = connections.get(address);
      if (health !== 'up' || kept?.process !== process || kept.target !== target) return undefined;
      return kept.seen === glanceOf(mysql.server(target)) ? 'same' : 'differs';
    },
    disconnect: (address) => void connections.delete(address),
  };
}

/** The columns of a glance (src/mysql/flavour). */
const glanceOf = ({ uuid, readOnly, superReadOnly, offlineMode, readOnlyTransactions }: FakeServer): string =>
  String([uuid, readOnly, superReadOnly, offlineMode, readOnlyTransactions]);

/** Nothing came by the deadline. */
export const unreachable = (address: string, code = 'timeout'): Probe => ({
  kind: 'unknown',
  failure: failure(code, `${address} does not answer`),
});

function notServed(address: ServerAddress, health: FakeServer['health'], offlineMode: boolean): Probe {
  if (health !== 'refusing')
    return unreachable(address, health === 'down' ? 'connection-refused' : 'timeout');
  return offlineMode
    ? offline(address)
    : { kind: 'alive', failure: failure('refused', `${address}: Too many connections`) };
}

/** What an account without CONNECTION_ADMIN gets. */
const offline = (address: ServerAddress): Probe =>
  classify(
    { server: address, user: 'source_dns', encrypted: true },
    { errno: 3032, sqlMessage: 'The server is currently in offline mode' },
  );

const failure = (code: string, message: string): Failure => ({ code, message });
