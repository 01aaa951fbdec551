/** Takes one probe's result into a server's memory, and says whether it is suspicious. */

import { contains } from '../gtid/gtid.ts';
import { isWritable, type Probe, type ServerFacts, servesNobody } from '../model/observation.ts';
import { type Receiving, type ServerMemory, without } from '../model/state.ts';
import type { Moment, MonoMs, Now, ServerId } from '../model/units.ts';

interface Observed {
  readonly memory: ServerMemory;
  /** Something changed that may be the beginning of a move. */
  readonly suspicious: boolean;
  /** This server's transactions went away (a reset, or another data folder): what was known of its line is void. */
  readonly historyVanished?: ServerId;
}

/** `Uptime` counts whole seconds, and probes take time: by so much may two readings of one process disagree. */
const uptimeToleranceSeconds = 2;

/** What is known of the probe itself. */
export interface Asked {
  /** When it was sent, at the earliest; absent: just now. */
  readonly askedAt?: MonoMs;
  /** When the clocks parted last: the monotonic clock did not count how long the machine slept. Absent: never. */
  readonly staleBefore?: MonoMs;
}

export function observe(memory: ServerMemory, probe: Probe, now: Now, asked: Asked = {}): Observed {
  const contactChanged = memory.latest !== undefined && memory.latest.probe.kind !== probe.kind;
  const latest = { probe, at: now.mono };
  if (probe.kind === 'reachable')
    return observeFacts(
      memory,
      probe.facts,
      { ...without(memory, 'unknownSince'), latest },
      contactChanged,
      now,
      asked,
    );
  const unknownSince = probe.kind === 'unknown' ? { unknownSince: memory.unknownSince ?? now.mono } : {};
  const closed = saysClosed(memory, probe) ? { closedAt: { mono: now.mono, wall: now.wall } } : {};
  const lostAskedAt = memory.lostAskedAt ?? asked.askedAt ?? now.mono;
  return {
    memory: { ...without(memory, 'unknownSince'), latest, lostAskedAt, ...unknownSince, ...closed },
    suspicious: contactChanged,
  };
}

/** offline_mode: nobody has it by default, so somebody closed the server. A Galera node that executes no query was closed by nobody: it lost the others. */
const saysClosed = ({ facts, closedAt }: ServerMemory, probe: Probe): boolean =>
  servesNobody(probe) &&
  facts !== undefined &&
  facts.wsrep === undefined &&
  isWritable(facts) &&
  closedAt === undefined;

function observeFacts(
  before: ServerMemory,
  facts: ServerFacts,
  memory: ServerMemory,
  contactChanged: boolean,
  now: Now,
  { askedAt = now.mono, staleBefore = Number.NEGATIVE_INFINITY as MonoMs }: Asked,
): Observed {
  const known = before.facts;
  const writable = isWritable(facts);
  const elapsedMs =
    before.factsAt === undefined || before.factsAt <= staleBefore ? undefined : now.mono - before.factsAt;
  const sameProcess = known !== undefined && isSameProcess(known, facts, elapsedMs);
  const moment = { mono: now.mono, wall: now.wall };
  const since = writable ? { writableSince: before.writableSince ?? moment } : {};
  const vanished = known !== undefined && known.id === facts.id && lostHistory(known, facts);
  return {
    memory: {
      ...without(
        without(without(without(without(memory, 'writableSince'), 'promotedAt'), 'closedAt'), 'shutAskedAt'),
        'lostAskedAt',
      ),
      facts,
      factsAt: now.mono,
      ...since,
      ...turns(before, facts, sameProcess, { askedAt, moment }),
      receiving: receivingSince(before, facts, sameProcess, now),
    },
    suspicious: contactChanged || (known !== undefined && roleText(known) !== roleText(facts)),
    ...(vanished ? { historyVanished: facts.id } : {}),
  };
}

/**
 * When it opened and closed, within one process: read-only is also what a restart makes of a server, and so is writable. That it closed is remembered through a restart: somebody
 * meant it to be closed.
 */
function turns(
  before: ServerMemory,
  facts: ServerFacts,
  sameProcess: boolean,
  { askedAt, moment }: { readonly askedAt: MonoMs; readonly moment: Moment },
): Pick<ServerMemory, 'promotedAt' | 'shutAskedAt' | 'lostAskedAt' | 'closedAt'> {
  const sameServer = before.facts?.id === facts.id;
  const wasWritable = before.facts !== undefined && isWritable(before.facts);
  if (isWritable(facts)) {
    const promotedAt = sameProcess ? (wasWritable ? before.promotedAt : moment.mono) : undefined;
    const shut = before.shutAskedAt === undefined ? {} : { shutAskedAt: before.shutAskedAt };
    return { ...shut, ...(promotedAt === undefined ? {} : { promotedAt }) };
  }
  const closedAt = sameServer ? (sameProcess && wasWritable ? moment : before.closedAt) : undefined;
  return {
    shutAskedAt: askedAt,
    lostAskedAt: before.lostAskedAt ?? askedAt,
    ...(closedAt === undefined ? {} : { closedAt }),
  };
}

/** The same connection is the same process for certain; across connections `Uptime` must have gone on. A restart forges a promotion otherwise. */
function isSameProcess(known: ServerFacts, facts: ServerFacts, elapsedMs: number | undefined): boolean {
  if (known.id !== facts.id) return false;
  if (known.session === facts.session) return true;
  if (elapsedMs === undefined) return false;
  return (
    facts.uptimeSeconds >= known.uptimeSeconds + elapsedMs / 1000 - uptimeToleranceSeconds &&
    known.uptimeSeconds > uptimeToleranceSeconds
  );
}

function lostHistory(known: ServerFacts, facts: ServerFacts): boolean {
  if (known.gtidExecuted === undefined || facts.gtidExecuted === undefined) return false;
  return known.gtidExecuted !== facts.gtidExecuted && !contains(facts.gtidExecuted, known.gtidExecuted);
}

/** What makes a role: any change of it is a suspicion. */
const roleText = (facts: ServerFacts): string =>
  JSON.stringify([
    facts.id,
    isWritable(facts),
    facts.channels.map((channel) => [
      channel.name,
      channel.sourceId,
      channel.sourceServerId,
      channel.sourceAddress,
      channel.receiver,
      channel.applier,
    ]),
    facts.group?.members.map((member) => [member.id, member.state, member.role]),
    facts.wsrep && [facts.wsrep.clusterUuid, facts.wsrep.state, facts.wsrep.size, facts.wsrep.view],
    facts.managed?.members.map((member) => [member.name, member.writer]),
  ]);

function receivingSince(
  before: ServerMemory,
  facts: ServerFacts,
  sameProcess: boolean,
  now: Now,
): ReadonlyMap<string, Receiving> {
  const receiving = new Map<string, Receiving>();
  for (const channel of facts.channels) {
    if (channel.receiver === 'off') continue;
    const source = channel.sourceId ?? channel.sourceAddress;
    const known = sameProcess ? before.receiving.get(channel.name) : undefined;
    const earlier = known?.source === source ? known : undefined;
    if (channel.receiver === 'connecting') {
      if (earlier) receiving.set(channel.name, { ...earlier, on: false });
    } else if (earlier?.on) receiving.set(channel.name, earlier);
    else
      receiving.set(channel.name, {
        source,
        on: true,
        since: now.mono,
        metAt: earlier?.metAt ?? now.mono,
        witnessed: sameProcess,
      });
  }
  return receiving;
}
