/**
 * A nameserver process: bytes of messages in, bytes of answers out. An update is in the journal before it is
 * answered, so a crash loses all of it or nothing. A read may be a little older than the last write (inline
 * signing), and the zone of a secondary server is older still.
 */

import type { Fqdn, WallMs } from '../../../src/core/model/units.ts';
import { findRrset, type Rrset, type RrType, sameRdata } from '../../../src/core/model/zone.ts';
import { RCODE, TYPE } from '../../../src/dns/message/codes.ts';
import { encodeRdata } from '../../../src/dns/message/rdata.ts';
import { createForger } from './forger.ts';
import type { Host } from './network.ts';
import { serverKey, zoneName } from './settings.ts';
import { SimulatedNameserver } from './simulated-nameserver.ts';
import { SimulatedZone } from './simulated-zone.ts';
import { isUpdate, isWrite, rrsetsOf } from './update-bytes.ts';
import { beginning, type World } from './world-types.ts';
import { firstRrsets, grantedNamesOf, maxTtlSecondsOf } from './zone-odds.ts';

/** What a socket knows of the nameserver. */
export interface NameserverProcess {
  readonly host: Host;
  readonly isUp: boolean;
  /** Counts processes: a connection does not outlive its process. */
  readonly process: number;
  /** What comes back for a message: mostly one answer. */
  receive(message: Buffer, over: 'tcp' | 'udp', from: Host): readonly Buffer[];
  /** Calls back once when that process ends. */
  onDeath(process: number, callback: () => void): void;
}

/** A nameserver answers SERVFAIL until it has read its zone. */
const loadingMs = 300;

export type CrashMoment = 'now' | 'before-journal' | 'after-journal';

export interface Primary extends NameserverProcess {
  /** What the zone holds, sorted by name and type. */
  rrsets(): readonly Rrset[];
  find(name: Fqdn, type: RrType): Rrset | undefined;
  /** By hand: this RRset replaces the old one. */
  put(rrset: Rrset): void;
  remove(name: Fqdn, type: RrType): void;
  /** Whether the nameserver showed this RDATA (undefined: no RRset) at some time since then. */
  wasShown(name: Fqdn, type: RrType, rrset: Rrset | undefined, since: number): boolean;
  /** The policy: the key may change these names, and no other. */
  grant(names: readonly Fqdn[]): void;
  /** Ends the process now, or when the next update has come, before or after the update is in the journal. */
  crash(when: CrashMoment): void;
  start(): void;
}

export function createPrimary(world: World, host: Host): Primary {
  const { shape } = world.script;
  const zone = new SimulatedZone(zoneName, maxTtlSecondsOf(shape));
  const shown = new SimulatedZone(zoneName);
  const clock = { wall: () => (beginning + world.timeline.now) as WallMs };
  let loadedAt = 0;
  const isLoaded = (): boolean => world.timeline.now >= loadedAt;
  const granted = new Set(grantedNamesOf(shape));
  const common = { keys: [serverKey], clock, grants: new Map([[serverKey.name, granted]]), isLoaded };
  const updating = new SimulatedNameserver({ ...common, zone });
  const answering = new SimulatedNameserver({ ...common, zone: shown });
  const forger = createForger(world);
  const past: { readonly from: number; readonly rrsets: readonly Rrset[] }[] = [{ from: 0, rrsets: [] }];
  const mourners = new Map<number, (() => void)[]>();
  let process = 1;
  let isUp = true;
  let armed: CrashMoment | undefined;

  function show(): void {
    const now = new SimulatedZone(zoneName);
    now.become(zone);
    world.timeline.after(world.weather.readLagMs, () => {
      shown.become(now);
      past.push({ from: world.timeline.now, rrsets: rrsetsOf(shown.all()) });
      world.secondary.notify(now);
    });
  }

  function die(): void {
    if (!isUp) return;
    isUp = false;
    armed = undefined;
    for (const mourner of mourners.get(process) ?? []) mourner();
    mourners.delete(process);
    world.log(`${world.timeline.now} ${host} died`);
  }

  function update(message: Buffer, over: 'tcp' | 'udp', from: Host): Buffer | undefined {
    if (armed === 'before-journal') return void die();
    world.noteRejoined();
    const before = rrsetsOf(zone.all());
    const answer = updating.receive(message, over);
    const rcode = answer === undefined ? undefined : answer.readUInt16BE(2) & 0xf;
    world.log(`${world.timeline.now} ${host} update from ${from}: ${rcodeText(rcode)}`);
    if (rcode === RCODE.NOERROR && isWrite(message)) {
      world.judge.applied(message, before, rrsetsOf(zone.all()));
      show();
    }
    if (armed === 'after-journal') return void die();
    return answer;
  }

  function put(rrset: Rrset): void {
    const encoded = encodeRdata(rrset);
    if (encoded.kind === 'invalid') throw new Error(encoded.fault);
    const { name: owner, ttlSeconds } = rrset;
    zone.edit(owner, TYPE[rrset.type], { owner, type: TYPE[rrset.type], ttlSeconds, rdata: encoded.rdata });
    show();
  }

  for (const rrset of firstRrsets(shape)) put(rrset);
  return {
    host,
    get isUp() {
      return isUp;
    },
    get process() {
      return process;
    },
    receive(message, over, from) {
      if (!isUp) return [];
      if (!isUpdate(message)) return forger.answers(message, answering.receive(message, over));
      const answer = update(message, over, from);
      return isUp ? forger.answers(message, answer) : [];
    },
    onDeath(of, callback) {
      const waiting = mourners.get(of) ?? [];
      waiting.push(callback);
      mourners.set(of, waiting);
    },
    rrsets: () => rrsetsOf(zone.all()),
    find: (name, type) => findRrset(rrsetsOf(zone.all()), name, type),
    put,
    remove(name, type) {
      zone.edit(name, TYPE[type]);
      show();
    },
    wasShown(name, type, rrset, since) {
      for (let index = past.length - 1; index >= 0; index -= 1) {
        const until = past[index + 1]?.from ?? Number.POSITIVE_INFINITY;
        if (until < since) return false;
        const there = findRrset(past[index]?.rrsets ?? [], name, type);
        if (there === undefined || rrset === undefined ? there === rrset : sameRdata(there, rrset))
          return true;
      }
      return false;
    },
    grant(names) {
      granted.clear();
      for (const name of names) granted.add(name);
    },
    crash(when) {
      if (when === 'now') die();
      else armed = when;
    },
    start() {
      // A crash that waited for an update until now would come after the faults are over, and nobody would
      // start the process again.
      armed = undefined;
      if (isUp) return;
      isUp = true;
      process += 1;
      loadedAt = world.timeline.now + loadingMs;
      shown.become(zone);
      past.push({ from: world.timeline.now, rrsets: rrsetsOf(shown.all()) });
    },
  };
}

const rcodeText = (rcode: number | undefined): string =>
  Object.entries(RCODE).find(([, code]) => code === rcode)?.[0] ?? String(rcode);

export interface Secondary extends NameserverProcess {
  /** The primary server says that its zone has changed, and hands the zone over. */
  notify(zone: SimulatedZone): void;
}

/** The secondary gets the zone a little later, or, while it is cut off, when the cut is over. */
export function createSecondary(world: World, host: Host, primary: Host): Secondary {
  const zone = new SimulatedZone(zoneName);
  const clock = { wall: () => (beginning + world.timeline.now) as WallMs };
  const nameserver = new SimulatedNameserver({ keys: [], clock, grants: new Map(), zone });
  return {
    host,
    isUp: true,
    process: 1,
    receive(message, over) {
      const answer = nameserver.receive(message, over);
      return answer === undefined ? [] : [answer];
    },
    onDeath() {},
    notify(from) {
      const transfer = (): void => {
        if (!world.network.isOpen(primary, host) || !world.network.isOpen(host, primary))
          world.timeline.after(500, transfer);
        else if (from.serial > zone.serial) zone.become(from);
      };
      world.timeline.after(5, transfer);
    },
  };
}
