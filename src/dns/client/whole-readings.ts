/**
 * A reading is several questions, so an update that is applied between two of the answers tears it: the
 * new ledger beside the old addresses. A repair that begins with such a reading is refused. So a reading
 * beside an update of ours is repeated.
 */
import type { Fqdn } from '../../core/model/units.ts';
import type { ZoneReading } from '../../core/model/zone.ts';
import type { ReadRequest } from '../../ports.ts';
import type { AnyChange, UpdateMessage } from '../message/update.ts';

type Whole = ZoneReading & { readonly kind: 'read' };

/** One update tears at most one of three readings in a row, so two of four that follow each other agree. */
const mostReadings = 4;

/** What an update changes is all that counts here. */
type Changing = Pick<UpdateMessage, 'changes'>;

interface Watched {
  readonly names: ReadonlySet<Fqdn>;
  mayBeTorn: boolean;
}

export class WholeReadings {
  readonly #read: (request: ReadRequest) => Promise<ZoneReading>;
  readonly #updates = new Set<Changing>();
  readonly #readings = new Set<Watched>();

  constructor(read: (request: ReadRequest) => Promise<ZoneReading>) {
    this.#read = read;
  }

  /** `send` is an update of ours. */
  async beside<Result>(plan: Changing, send: () => Promise<Result>): Promise<Result> {
    this.#updates.add(plan);
    for (const reading of this.#readings) reading.mayBeTorn ||= touches(plan, reading.names);
    try {
      return await send();
    } finally {
      this.#updates.delete(plan);
    }
  }

  /** Beside an update: the reading that says the same as the reading before. Never rejects. */
  async read(request: ReadRequest): Promise<ZoneReading> {
    const names = new Set(request.questions.map(({ name }) => name));
    let before: Whole | undefined;
    for (let count = 1; ; count += 1) {
      const watched = { names, mayBeTorn: [...this.#updates].some((plan) => touches(plan, names)) };
      this.#readings.add(watched);
      const reading = await this.#read(request);
      this.#readings.delete(watched);
      const isSure = reading.kind === 'failed' || !watched.mayBeTorn || saysTheSame(reading, before);
      if (isSure || count === mostReadings) return reading;
      before = reading;
    }
  }
}

const touches = ({ changes }: Changing, names: ReadonlySet<Fqdn>): boolean =>
  changes.some((change) => names.has(nameOf(change)));

const nameOf = (change: AnyChange): Fqdn => ('rrset' in change ? change.rrset.name : change.name);

/** Whatever the order of the RRsets and of their data. */
const saysTheSame = (reading: Whole, before: Whole | undefined): boolean =>
  before !== undefined && textOf(reading) === textOf(before);

const textOf = ({ zone, rrsets, synthesized, looping, outside }: Whole): string =>
  JSON.stringify([zone, sorted(rrsets), sorted(synthesized), looping, outside]);

const sorted = (rrsets: Whole['rrsets'] = []): readonly string[] =>
  rrsets
    .map(({ rdata, ...rest }) =>
      JSON.stringify([rest, [...rdata].map((each) => JSON.stringify(each)).toSorted()]),
    )
    .toSorted();
