/**
 * Separates what a zone stores from what its nameserver makes of a wildcard (RFC 4592). An answer does not
 * tell the two apart, and an UPDATE's prerequisites know only what is stored.
 */
import type { Failure } from '../../core/model/observation.ts';
import type { Fqdn, MonoMs } from '../../core/model/units.ts';
import {
  type Prerequisite,
  type Question,
  questionKey,
  type Rrset,
  type UpdateOutcome,
} from '../../core/model/zone.ts';
import { nameToWire, parentOf } from '../message/name.ts';
import { rdataKey } from '../message/rdata.ts';
import type { UpdateMessage } from '../message/update.ts';

export const maxKnownRrsets = 16_384;
/** Nobody has this name, so an answer comes from a wildcard. Administrators see it in the query log. */
const siblingLabel = '_source-dns-wildcard';

/** Questions to the nameserver. Each ends by the deadline and never rejects. */
interface StoredQuestions {
  readonly read: (question: Question, deadline: MonoMs) => Promise<SiblingReading>;
  /** An update with only this prerequisite and no change. */
  readonly holds: (zone: Fqdn, prerequisite: Prerequisite, deadline: MonoMs) => Promise<UpdateOutcome>;
}

interface Failed {
  readonly kind: 'failed';
  readonly failure: Failure;
}
type SiblingReading = { readonly kind: 'rrset'; readonly rrset?: Rrset } | Failed;
type ReadSibling = (sibling: Question) => Promise<SiblingReading>;

type Sifted =
  | { readonly kind: 'sifted'; readonly stored: readonly Rrset[]; readonly synthesized: readonly Rrset[] }
  | Failed;

/** Without `rrset`: the RRset has gone since the answer. */
interface Found {
  readonly kind: 'found';
  readonly origin: Origin;
  readonly rrset?: Rrset;
}

interface SiftRequest {
  readonly zone: Fqdn;
  /** As answered. */
  readonly rrsets: readonly Rrset[];
  /** Ignore what is remembered, and ask by updates: the nameserver refuses what should hold. */
  readonly anew: boolean;
  readonly deadline: MonoMs;
}

type Origin = 'stored' | 'synthesized';

/** For one nameserver. */
export class StoredRrsets {
  readonly #ask: StoredQuestions;
  /** By owner and type, the oldest first. `text`: the RRset that has this origin. */
  readonly #known = new Map<string, { readonly text: string; readonly origin: Origin }>();

  constructor(ask: StoredQuestions) {
    this.#ask = ask;
  }

  /** An update was applied: what it added is stored, and so is what its prerequisites required. */
  learn({ prerequisites, changes }: UpdateMessage): void {
    for (const prerequisite of prerequisites)
      if (prerequisite.kind === 'rrset-is') this.#note(prerequisite.rrset, 'stored');
    for (const change of changes) if (change.kind === 'add-rrset') this.#note(change.rrset, 'stored');
  }

  async sift(request: SiftRequest): Promise<Sifted> {
    // Names with the same parent share a sibling.
    const siblings = new Map<string, Promise<SiblingReading>>();
    const readSibling = (sibling: Question): Promise<SiblingReading> => {
      const reading = siblings.get(questionKey(sibling)) ?? this.#ask.read(sibling, request.deadline);
      siblings.set(questionKey(sibling), reading);
      return reading;
    };
    const all = await Promise.all(request.rrsets.map((rrset) => this.#find(rrset, request, readSibling)));
    const failed = all.find((each) => each.kind === 'failed');
    if (failed !== undefined) return failed;
    const of = (origin: Origin) =>
      all.flatMap((each) =>
        each.kind === 'found' && each.origin === origin && each.rrset ? [each.rrset] : [],
      );
    return { kind: 'sifted', stored: of('stored'), synthesized: of('synthesized') };
  }

  async #find(rrset: Rrset, request: SiftRequest, readSibling: ReadSibling): Promise<Found | Failed> {
    const known = this.#known.get(questionKey(rrset));
    if (!request.anew && known?.text === textOf(rrset)) return { kind: 'found', origin: known.origin, rrset };
    const sibling = siblingOf(rrset, request.zone);
    const beside = sibling && (await readSibling(sibling));
    const fails = beside?.kind === 'failed';
    if (fails && beside.failure.code !== 'servfail') return beside;
    // A wildcard whose alias leads back to itself answers SERVFAIL. SERVFAIL proves nothing: the update does.
    const how = fails ? { ...request, anew: true } : request;
    // A stored RRset may equal the wildcard's: only then the origin is in doubt.
    const isAsBeside = isLike(rrset, beside);
    if (beside === undefined || isAsBeside) return this.#findOut(rrset, how, isAsBeside);
    // The zone may have changed between the two answers: a wildcard answered our name in the older zone, and
    // answers no name beside in the newer zone. What is answered now decides, and it may be the wildcard's.
    const again = await this.#ask.read({ name: rrset.name, type: rrset.type }, request.deadline);
    if (again.kind === 'failed') return again;
    return again.rrset === undefined
      ? { kind: 'found', origin: 'stored' }
      : this.#findOut(again.rrset, how, isLike(again.rrset, beside));
  }

  async #findOut(
    rrset: Rrset,
    { zone, anew, deadline }: SiftRequest,
    isAsBeside: boolean,
  ): Promise<Found | Failed> {
    const asked = anew || isAsBeside ? await this.#askByUpdate(rrset, zone, deadline) : 'stored';
    if (typeof asked === 'object') return asked;
    const origin = asked ?? (isAsBeside ? 'synthesized' : 'stored');
    this.#note(rrset, origin);
    return { kind: 'found', origin, rrset };
  }

  /**
   * Undefined: the RRset is stored otherwise than answered (changed meanwhile, shown late, or answered from
   * elsewhere), or the key may not even ask.
   */
  async #askByUpdate(rrset: Rrset, zone: Fqdn, deadline: MonoMs): Promise<Origin | undefined | Failed> {
    const { name, type } = rrset;
    const asked: readonly (readonly [Prerequisite, Origin])[] = [
      [{ kind: 'rrset-is', rrset }, 'stored'],
      [{ kind: 'rrset-absent', name, type }, 'synthesized'],
    ];
    for (const [prerequisite, origin] of asked) {
      const outcome = await this.#ask.holds(zone, prerequisite, deadline);
      if (outcome.kind === 'applied') return origin;
      if (outcome.kind === 'unknown' || outcome.code === 'not-sent')
        return { kind: 'failed', failure: outcome.failure };
      if (outcome.code === 'rejected') return undefined;
    }
    return undefined;
  }

  #note(rrset: Rrset, origin: Origin): void {
    const key = questionKey(rrset);
    this.#known.delete(key);
    this.#known.set(key, { text: textOf(rrset), origin });
    const [oldest] = this.#known.keys();
    if (this.#known.size > maxKnownRrsets && oldest !== undefined) this.#known.delete(oldest);
  }
}

/** Without the owner: a wildcard's RRset is answered at any name, with its own TTL. */
const textOf = (rrset: Rrset): string => `${rrset.ttlSeconds} ${rdataKey(rrset)}`;

/** An RRset is answered as the name beside is. */
const isLike = (rrset: Rrset, beside: SiblingReading | undefined): boolean =>
  beside?.kind === 'rrset' && beside.rrset !== undefined && textOf(beside.rrset) === textOf(rrset);

/**
 * The same parent, so the same wildcard would answer (RFC 4592 3.3.1). Undefined: the zone's apex is always
 * stored, and a name that is too long cannot be asked for.
 */
function siblingOf({ name, type }: Question, zone: Fqdn): Question | undefined {
  if (name === zone) return undefined;
  const sibling = `${siblingLabel}.${parentOf(name) === '.' ? '' : parentOf(name)}` as Fqdn;
  return nameToWire(sibling) === undefined ? undefined : { name: sibling, type };
}
