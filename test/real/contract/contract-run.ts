/** One run of the contract on one client, and short words for what the tests do with the client. */
import { expect } from 'vitest';
import type { Fqdn, MonoMs } from '../../../src/core/model/units.ts';
import type { Change, Prerequisite, Question, Rrset, UpdateOutcome } from '../../../src/core/model/zone.ts';
import { systemClock as clock } from '../../../src/daemon/clock.ts';
import type { ZoneClient } from '../../../src/ports.ts';
import type { ClientVariation, Subject } from '../../support/subject.ts';

/** The moment `ms` from now. */
export const soon = (ms = 5000): MonoMs => (clock.mono() + ms) as MonoMs;

/** `applied`, or the kind and the code of the failure. */
export const outcomeWords = (outcome: UpdateOutcome): string =>
  outcome.kind === 'applied' ? 'applied' : `${outcome.kind} ${outcome.failure.code}`;

/** The RDATA in a fixed order. */
export const sorted = (rrset: Rrset) => ({ ...rrset, rdata: [...rrset.rdata].sort() });

export class ContractRun {
  readonly subject: Subject;
  readonly client: ZoneClient;
  readonly names: { readonly source: Fqdn; readonly ledger: Fqdn; readonly srv: Fqdn; readonly other: Fqdn };
  readonly #clients: ZoneClient[] = [];

  private constructor(subject: Subject, client: ZoneClient) {
    const {
      zone,
      clusters: [one, two],
    } = subject;
    this.subject = subject;
    this.client = client;
    this.#clients.push(client);
    this.names = {
      source: `source.${one}.${zone}` as Fqdn,
      ledger: `_source-dns.source.${one}.${zone}` as Fqdn,
      srv: `_mysql._tcp.source.${one}.${zone}` as Fqdn,
      other: `_source-dns.source.${two}.${zone}` as Fqdn,
    };
  }

  static async begin(subject: Subject): Promise<ContractRun> {
    return new ContractRun(subject, await subject.open());
  }

  async open(options?: ClientVariation): Promise<ZoneClient> {
    const opened = await this.subject.open(options);
    this.#clients.push(opened);
    return opened;
  }

  update(
    prerequisites: readonly Prerequisite[],
    changes: readonly Change[],
    by = this.client,
  ): Promise<UpdateOutcome> {
    return by.update({
      plan: { zone: this.subject.zone, prerequisites, changes },
      notAfter: soon(),
      deadline: soon(),
    });
  }

  /** The RRsets that exist. */
  async read(...questions: readonly Question[]): Promise<readonly Rrset[]> {
    const reading = await this.client.read({ questions, deadline: soon() });
    if (reading.kind === 'failed') throw new Error(JSON.stringify(reading.failure));
    expect(reading.zone).toBe(this.subject.zone);
    return reading.rrsets;
  }

  /** Removes what was published, and closes every client. */
  async end(): Promise<void> {
    const { source, ledger, srv, other } = this.names;
    const gone: Change[] = [
      ...(['A', 'AAAA', 'CNAME'] as const).map(
        (type): Change => ({ kind: 'delete-rrset', name: source, type }),
      ),
      { kind: 'delete-rrset', name: ledger, type: 'TXT' },
      { kind: 'delete-rrset', name: srv, type: 'SRV' },
      { kind: 'delete-rrset', name: other, type: 'TXT' },
    ];
    expect(await this.update([], gone)).toEqual({ kind: 'applied' });
    await Promise.all(this.#clients.map((opened) => opened.close()));
  }
}
