/**
 * What nameservers do beyond storing a zone: wildcards, cut TTLs, RRsets that they keep out, answers from
 * elsewhere, names that a key may not change.
 */

import type { Fqdn } from '../../../src/core/model/units.ts';
import type {
  Change,
  Question,
  Rrset,
  UpdateOutcome,
  UpdatePlan,
  ZoneReading,
} from '../../../src/core/model/zone.ts';
import type { FakeZone } from '../../support/fake-zone.ts';
import { zoneName } from './print.ts';

const wildcardName = `*.${zoneName}` as Fqdn;

export class OddZone {
  readonly #zone: FakeZone;
  #wildcard: Rrset | undefined;
  #loops = false;
  #maxTtlSeconds = Number.POSITIVE_INFINITY;
  readonly #keptOut = new Set<string>();
  readonly #answered = new Map<string, Rrset>();
  readonly #refused = new Set<string>();

  constructor(zone: FakeZone) {
    this.#zone = zone;
  }

  /**
   * Obeys `wildcard A 192.0.2.99` · `wildcard loops` · `wildcard off` · `cuts-ttl 2` · `keeps-out AAAA` ·
   * `answers replicas A 192.0.2.99` · `answers off` · `refuses replicas` · `allows replicas`. False: no such
   * word.
   */
  set([verb = '', first = '', ...rest]: readonly string[]): boolean {
    if (verb === 'wildcard') this.#setWildcard(first, rest);
    else if (verb === 'cuts-ttl') this.#maxTtlSeconds = Number(first);
    else if (verb === 'keeps-out') this.#keptOut.add(first);
    else if (verb === 'answers' && first === 'off') this.#answered.clear();
    else if (verb === 'answers')
      this.#answered.set(keyOf(rrset(first, rest[0] ?? '', [])), rrset(first, rest[0] ?? '', rest.slice(1)));
    else if (verb === 'refuses') this.#refused.add(`${first}.${zoneName}`);
    else if (verb === 'allows') this.#refused.delete(`${first}.${zoneName}`);
    else return false;
    return true;
  }

  #setWildcard(first: string, rest: readonly string[]): void {
    this.#loops = first === 'loops';
    this.#wildcard = this.#loops || first === 'off' ? undefined : rrset('*', first, rest);
  }

  /**
   * An answer from elsewhere looks stored, until a question that changes nothing shows that nothing is
   * stored.
   */
  read(questions: readonly Question[], anew: boolean): ZoneReading {
    const reading = this.#zone.read(questions);
    const elsewhere = questions.flatMap((question) => this.#answered.get(keyOf(question)) ?? []);
    const stored = reading.rrsets.filter((there) => !this.#answered.has(keyOf(there)));
    const synthesized = questions.flatMap((question) => this.#synthesized(question));
    return {
      ...reading,
      rrsets: anew ? stored : [...stored, ...elsewhere],
      synthesized: anew ? [...synthesized, ...elsewhere] : synthesized,
      looping: this.#loops
        ? questions
            .filter(({ name }) => !this.#exists(name))
            .map(({ name }) => ({ name, wildcard: wildcardName }))
        : [],
    };
  }

  apply(plan: UpdatePlan): UpdateOutcome {
    const names = plan.changes.map((change) =>
      change.kind === 'add-rrset' ? change.rrset.name : change.name,
    );
    const refused = names.find((name) => this.#refused.has(name));
    if (refused !== undefined) {
      const failure = {
        code: 'refused',
        message: `The nameserver answered REFUSED: the key may not update ${refused}`,
      };
      return { kind: 'refused', code: 'rejected', rcode: 'REFUSED', failure };
    }
    const changes = plan.changes.flatMap((change): readonly Change[] => {
      if (change.kind !== 'add-rrset') return [change];
      const { ttlSeconds } = change.rrset;
      if (this.#keptOut.has(change.rrset.type)) return [];
      const cut = { ...change.rrset, ttlSeconds: Math.min(ttlSeconds, this.#maxTtlSeconds) };
      return [{ ...change, rrset: cut }];
    });
    return this.#zone.apply({ ...plan, changes });
  }

  /** If only with other types, or as an empty non-terminal: no wildcard answers there (RFC 4592 2.2.2). */
  #exists(name: Fqdn): boolean {
    return this.#zone.all().some((there) => there.name === name || there.name.endsWith(`.${name}`));
  }

  #synthesized({ name, type }: Question): readonly Rrset[] {
    const wildcard = this.#wildcard;
    return wildcard?.type === type && !this.#exists(name) ? [{ ...wildcard, name }] : [];
  }
}

const keyOf = ({ name, type }: Question): string => `${name} ${type}`;

const rrset = (owner: string, type: string, words: readonly string[]): Rrset =>
  ({
    name: `${owner}.${zoneName}` as Fqdn,
    type,
    ttlSeconds: 5,
    rdata: type === 'TXT' ? [words] : words,
  }) as Rrset;
