/**
 * S2, S3, S5 and the freeze: what must hold when the nameserver applies an update, judged by the zone before
 * and after.
 */

import type { Ledger } from '../../../src/core/model/ledger.ts';
import { splitAddress } from '../../../src/core/model/observation.ts';
import type { ServerAddress } from '../../../src/core/model/units.ts';
import { findRrset, type Rrset, sameRdata } from '../../../src/core/model/zone.ts';
import { laterField } from '../mutants/later-version.ts';
import type { Shape } from '../world/script.ts';
import { hostOf, ipOf, sourceName, srvName } from '../world/settings.ts';
import { ledgerIn } from '../world/sight.ts';
import type { SentUpdate } from './judge.ts';
import { pointsTheName } from './judge-sent.ts';

export interface Application {
  readonly sent: SentUpdate;
  readonly before: readonly Rrset[];
  readonly after: readonly Rrset[];
  /** The former sources that have truly not rejoined. */
  readonly stale: ReadonlySet<ServerAddress>;
  readonly shape: Shape;
}

export function brokenAtApplication(application: Application): string | undefined {
  return (
    overwrites(application) ??
    forgets(application) ??
    breaksEpochs(application) ??
    breaksRrset(application) ??
    thaws(application) ??
    revives(application)
  );
}

/**
 * S2: every RRset that the update changes was as its sender had read it. A TTL is no part of the value of an
 * RRset (RFC 2136 2.4.2).
 */
function overwrites({ sent, before }: Application): string | undefined {
  const overwritten = sent.changes
    .map((change) => ('rrset' in change ? change.rrset : change))
    .find(({ name, type }) => {
      const there = findRrset(before, name, type);
      const read = findRrset(sent.readRrsets, name, type);
      return there === undefined || read === undefined ? there !== read : !sameRdata(there, read);
    });
  return overwritten && `S2 overwrites ${overwritten.type} that its sender had not read`;
}

/** S2: a field of a version that the sender does not know is part of what it read. */
function forgets({ sent, before, after }: Application): string | undefined {
  const [there, left] = [before, after].map((rrsets) => laterField(ledgerIn(rrsets)?.unknown ?? []));
  return there !== undefined && left === undefined && sent.read !== undefined
    ? 'S2 drops a field of a later version'
    : undefined;
}

/**
 * A freeze, a thaw or a fence claims nothing. It follows the ledger in the zone, even if that ledger went
 * back.
 */
const isRewritten = (old: Ledger, written: Ledger): boolean =>
  JSON.stringify({ ...old, frozen: undefined, try: undefined }) ===
  JSON.stringify({ ...written, frozen: undefined, try: undefined });

function breaksEpochs({ sent, before }: Application): string | undefined {
  const old = ledgerIn(before);
  const { epoch, uuid } = sent.ledger;
  if (old !== undefined && isRewritten(old, sent.ledger) && !pointsTheName(sent.changes)) return undefined;
  if (old === undefined || old.epoch < sent.knownEpoch) {
    return epoch === sent.knownEpoch + 1 ? undefined : `S2 epoch ${epoch} after ${sent.knownEpoch} was seen`;
  }
  if (epoch !== old.epoch && epoch !== old.epoch + 1) return `S2 epoch ${epoch} after ${old.epoch}`;
  return (epoch === old.epoch) === (uuid === old.uuid) || sent.repeats
    ? undefined
    : `S2 epoch ${epoch} for another source`;
}

const typeOf = ({ alias }: Shape): 'A' | 'CNAME' => (alias ? 'CNAME' : 'A');

/** S3. */
function breaksRrset({ sent, before, after, shape }: Application): string | undefined {
  const published = findRrset(after, sourceName, typeOf(shape));
  if (published === undefined && shape.withdraws) return undefined;
  if (published === undefined)
    return findRrset(before, sourceName, typeOf(shape)) ? 'S3 the name is absent' : undefined;
  if (published.rdata.length > 1 && pointsTheName(sent.changes)) return 'S3 two servers in the RRset';
  // After a refusal the side names follow the move. So SRV may be missing for a moment, if it was before.
  if (findRrset(before, srvName, 'SRV') && !findRrset(after, srvName, 'SRV')) return 'S3 SRV is absent';
  const isOurs = pointsTheName(sent.changes) || agrees(before, shape);
  return isOurs && !agrees(after, shape) ? 'S3 ledger and addresses disagree' : undefined;
}

function agrees(rrsets: readonly Rrset[], shape: Shape): boolean {
  const ledger = ledgerIn(rrsets);
  const published = findRrset(rrsets, sourceName, typeOf(shape));
  const srv = findRrset(rrsets, srvName, 'SRV');
  if (ledger === undefined || published === undefined) return false;
  const target = shape.alias ? hostOf(ledger.source) : ipOf(ledger.source);
  return (
    published.rdata.join() === target &&
    ledger.form.targets.join() === target &&
    (srv?.type !== 'SRV' ||
      srv.rdata.every(
        ({ port, target: name }) => port === splitAddress(ledger.source).port && name === sourceName,
      ))
  );
}

/** A freeze holds for every instance, whatever the instance itself believes. */
function thaws({ sent, before, after, shape }: Application): string | undefined {
  const old = ledgerIn(before);
  if (old?.frozen === undefined) return undefined;
  const published = (rrsets: readonly Rrset[]) =>
    JSON.stringify(findRrset(rrsets, sourceName, typeOf(shape)));
  return sent.ledger.epoch !== old.epoch || published(before) !== published(after)
    ? 'FREEZE a frozen name was changed'
    : undefined;
}

/** S5. */
function revives({ sent, before, stale }: Application): string | undefined {
  const old: Ledger | undefined = ledgerIn(before);
  const released = old?.was.find(
    ({ uuid, address }) =>
      address !== sent.ledger.source && !sent.ledger.was.some((former) => former.uuid === uuid),
  );
  if (released && stale.has(released.address))
    return 'S5 a former source counts as rejoined, but has transactions of its own, or does not replicate';
  if (old?.uuid === sent.ledger.uuid || sent.forced || sent.wayBack) return undefined;
  return stale.has(sent.ledger.source) ? 'S5 a superseded source got the name back' : undefined;
}
