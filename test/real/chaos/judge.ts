/** Judges a round from its evidence alone. Pure: judge.test.ts feeds it every violation that it knows. */

import type { Ledger } from '../../../src/core/model/ledger.ts';
import type { Evidence, KnownServer, Violation } from './evidence.ts';
import type { Rr } from './journal.ts';
import { judgeFences } from './judge-fences.ts';
import type { Commit } from './referee.ts';
import { addressesOf, ledgerOf } from './zone-content.ts';

/**
 * Every promise of S2, S3, S5, S8, L1 and L2 that this evidence shows broken, and every acknowledged row that
 * is gone although semi-synchronous replication promised to keep it.
 */
export function judge(evidence: Evidence): readonly Violation[] {
  const crashes = evidence.crashes.map((what): Violation => ({ promise: 'crash', what }));
  return [
    ...judgeCommits(evidence),
    ...judgeAnswers(evidence),
    ...judgeEnd(evidence),
    ...judgeRows(evidence),
    ...judgeFences(evidence),
    ...crashes,
  ];
}

/** Whether a transaction moved the name: not when the ledger was only written again. */
export const isMove = (before: readonly Rr[], commit: Commit, name: string): boolean => {
  const [old, now] = [ledgerOf(before, name), ledgerOf(commit.zone, name)];
  return now.kind === 'ledger' && old.kind === 'ledger' && now.ledger.uuid !== old.ledger.uuid;
};

/** One transaction with the zone before it. */
interface Step {
  readonly commit: Commit;
  readonly before: readonly Rr[];
  readonly old: Ledger | undefined;
  readonly ledger: Ledger | undefined;
  /** An edit by hand, of this round or an earlier one, has not been repaired yet. */
  readonly touched: boolean;
}

function judgeCommits(evidence: Evidence): readonly Violation[] {
  const { names, known } = evidence;
  const violations: Violation[] =
    evidence.gaps > 0
      ? [{ promise: 'referee', what: `${evidence.gaps} parts of the journal could not be read` }]
      : [];
  const edits = [...evidence.handEdits];
  let before = evidence.zoneBefore;
  let touched = false;
  for (const commit of evidence.commits) {
    known.shown.add(addressesOf(commit.zone, names.source));
    const edit = edits.findIndex((each) => explains(each.edit, commit, names.source));
    const [old, now] = [ledgerOf(before, names.source), ledgerOf(commit.zone, names.source)];
    const ledger = now.kind === 'ledger' ? now.ledger : undefined;
    const step: Step = {
      commit,
      before,
      old: old.kind === 'ledger' ? old.ledger : undefined,
      ledger,
      touched,
    };
    if (edit >= 0) edits.splice(edit, 1);
    else
      violations.push(
        ...[epochs, together, rrsets, former]
          .flatMap((rule) => rule(step, evidence))
          .map((each) => ({ ...each, serial: commit.serial })),
      );
    if (ledger !== undefined) {
      known.tries.add(ledger.try);
      known.highestEpoch = Math.max(known.highestEpoch, ledger.epoch);
    }
    touched = (touched || edit >= 0) && disagreements(commit.zone, evidence).length > 0;
    before = commit.zone;
  }
  return violations;
}

const own = (name: string) => (rr: Rr) => rr.name === name || rr.name === `_mysql._tcp.${name}`;
const text = (rrs: readonly Rr[]): string =>
  rrs
    .map((rr) => `${rr.name} ${rr.ttl} ${rr.type} ${rr.rdata}`)
    .sort()
    .join('\n');

/** Each edit by hand leaves a transaction that source-dns would never make. */
function explains(edit: string, { added, deleted }: Commit, name: string): boolean {
  const isOwn = own(name);
  const ledgerTouched = [...added, ...deleted].some((rr) => rr.name === `_source-dns.${name}`);
  if (edit === 'no-ledger') return ledgerTouched && added.length === 0 && !deleted.some(isOwn);
  if (ledgerTouched) return false;
  if (edit === 'no-address') return added.length === 0 && deleted.some(isOwn);
  return added.some((rr) => rr.name === name && rr.type === 'A');
}

/** S2: the ledger is never lost, an epoch is raised exactly at a move, and no try is applied twice. */
function epochs({ old, ledger, touched, commit, before }: Step, { known, names }: Evidence): Violation[] {
  if (ledger === undefined)
    return [
      { promise: 'S2', what: `the ledger is ${ledgerOf(commit.zone, names.source).kind} after an update` },
    ];
  const changed =
    text(commit.zone.filter(isLedger(names.source))) !== text(before.filter(isLedger(names.source)));
  const twice: Violation[] =
    changed && known.tries.has(ledger.try)
      ? [{ promise: 'S2', what: `the attempt ${ledger.try} was applied twice` }]
      : [];
  if (old === undefined) {
    // The first publication, or the publication after somebody deleted the ledger.
    return ledger.epoch === known.highestEpoch + 1
      ? twice
      : [...twice, { promise: 'S2', what: `epoch ${ledger.epoch} after ${known.highestEpoch}` }];
  }
  // What a move wrote stays until the next move: otherwise two instances have both won it.
  const stamp = ({ by, at, why }: Ledger) => `by ${by} at ${at} (${why})`;
  if (ledger.epoch === old.epoch && stamp(ledger) !== stamp(old))
    return [
      ...twice,
      { promise: 'S2', what: `epoch ${ledger.epoch} was written ${stamp(old)}, and again ${stamp(ledger)}` },
    ];
  const moved = ledger.uuid !== old.uuid;
  if (ledger.epoch === old.epoch + (moved ? 1 : 0)) return twice;
  if (touched && ledger.epoch === old.epoch + 1) return twice;
  return [
    ...twice,
    { promise: 'S2', what: `epoch ${ledger.epoch} (${ledger.source}) after ${old.epoch} (${old.source})` },
  ];
}

const isLedger = (name: string) => (rr: Rr) => rr.name === `_source-dns.${name}`;

/** S2: each change of the name changes the ledger in the same transaction. */
function together({ before, commit }: Step, { names }: Evidence): Violation[] {
  const isOwn = own(names.source);
  if (text(before.filter(isOwn)) === text(commit.zone.filter(isOwn))) return [];
  const [old, now] = [before, commit.zone].map((zone) => text(zone.filter(isLedger(names.source))));
  return old === now ? [{ promise: 'S2', what: 'the address changed without the ledger' }] : [];
}

/** S3: ledger, address and SRV agree, apart from edits by hand that nobody has repaired yet. */
function rrsets({ commit, before, touched }: Step, evidence: Evidence): Violation[] {
  const isOwn = own(evidence.names.source);
  const pointed = text(before.filter(isOwn)) !== text(commit.zone.filter(isOwn));
  if (touched && !pointed) return [];
  return disagreements(commit.zone, evidence).map((what) => ({ promise: 'S3', what }));
}

function disagreements(zone: readonly Rr[], { names, servers }: Evidence): readonly string[] {
  const reading = ledgerOf(zone, names.source);
  const addresses = addressesOf(zone, names.source);
  if (reading.kind === 'absent' && addresses === '') return [];
  if (reading.kind !== 'ledger') return [`the ledger is ${reading.kind}, the name has "${addresses}"`];
  const { ledger } = reading;
  const server = servers.find(({ uuid }) => uuid === ledger.uuid);
  const wrong: string[] = [];
  if (server === undefined || server.server !== ledger.source)
    wrong.push(`the ledger names ${ledger.source} (${ledger.uuid}), which is no server`);
  if (addresses.includes(' ')) wrong.push(`two servers in the RRset: ${addresses}`);
  else if (addresses === '') wrong.push('the name is absent');
  else if (addresses !== server?.address)
    wrong.push(`the name has ${addresses}, the ledger ${ledger.source}`);
  if (ledger.form.targets.join() !== server?.address)
    wrong.push(`form=${ledger.form.targets.join()}, source=${ledger.source}`);
  const srv = zone
    .filter((rr) => rr.name === `_mysql._tcp.${names.source}` && rr.type === 'SRV')
    .map(({ rdata }) => rdata);
  const [, port = ''] = ledger.source.split(':');
  const [, , shownPort = '', target = ''] = srv[0]?.split(/\s+/) ?? [];
  if (srv.length !== 1 || shownPort !== port || target !== `${names.source}.`)
    wrong.push(`SRV is "${srv.join('; ')}", source=${ledger.source}`);
  return wrong;
}

/**
 * S5: a superseded server stays in the ledger until it has truly rejoined, and a server that the name leaves
 * becomes superseded.
 */
function former({ old, ledger, commit }: Step, { stale, errant }: Evidence): Violation[] {
  if (old === undefined || ledger === undefined) return [];
  const isStale = (uuid: string) =>
    stale.some(
      (each) =>
        each.uuid === uuid &&
        each.from < commit.after &&
        commit.seenAt < (each.until ?? Number.POSITIVE_INFINITY),
    );
  const found: Violation[] = [];
  if (ledger.uuid !== old.uuid) {
    if (old.was.some(({ uuid }) => uuid === ledger.uuid))
      found.push({ promise: 'S5', what: `${ledger.source} was superseded, and got the name back` });
    else if (isStale(ledger.uuid))
      found.push({ promise: 'S5', what: `${ledger.source} had lost its part, and got the name back` });
    if (!ledger.was.some(({ uuid }) => uuid === old.uuid))
      found.push({
        promise: 'S5',
        what: `${old.source} lost the name, and is not recorded as a former source`,
      });
  }
  for (const { uuid, address } of old.was) {
    if (uuid === ledger.uuid || ledger.was.some((each) => each.uuid === uuid)) continue;
    if (isStale(uuid))
      found.push({ promise: 'S5', what: `${address} counts as rejoined, but nobody made it a replica` });
    const own = errant.find((each) => each.uuid === uuid && each.at > commit.seenAt && each.gtids !== '');
    if (own)
      found.push({
        promise: 'S5',
        what: `${address} counts as rejoined, but has transactions of its own: ${own.gtids}`,
      });
  }
  return found;
}

/** S3, as clients see it: one address, of a state that was committed. */
function judgeAnswers({ answers, known, names, zoneBefore }: Evidence): readonly Violation[] {
  const shown = new Set([...known.shown, addressesOf(zoneBefore, names.source)]);
  return (['ns1', 'ns2'] as const).flatMap((nameserver) =>
    answers[nameserver]
      .filter(({ addresses }) => !shown.has(addresses))
      .map(
        ({ addresses }): Violation => ({
          promise: 'S3',
          what: `${nameserver} answered "${addresses}", which was in no committed zone`,
        }),
      ),
  );
}

function judgeEnd({ end }: Evidence): readonly Violation[] {
  const late = (['ns1', 'ns2'] as const)
    .filter((nameserver) => end.answeredMs[nameserver] === undefined)
    .map(
      (nameserver): Violation => ({
        promise: 'L1',
        what: `${nameserver} did not answer with ${describeServer(end.source)} within ${end.boundMs} ms`,
      }),
    );
  const unsettled: readonly Violation[] =
    late.length === 0 && end.settledMs === undefined
      ? [
          {
            promise: 'L1',
            what: `former sources or replicas are not as they should be after ${end.boundMs} ms`,
          },
        ]
      : [];
  const { ms, before, after } = end.quiet;
  const written: readonly Violation[] =
    before === after
      ? []
      : [{ promise: 'L2', what: `the serial went from ${before} to ${after} in ${ms} quiet ms` }];
  return [...late, ...unsettled, ...written];
}

function judgeRows({ rows }: Evidence): readonly Violation[] {
  if (!rows.promised) return [];
  const lost = [...rows.acknowledged].filter((number) => !rows.present.has(number));
  return lost.length === 0
    ? []
    : [
        {
          promise: 'rows',
          what: `${lost.length} acknowledged rows are gone: ${lost.slice(0, 10).join(', ')}`,
        },
      ];
}

const describeServer = ({ server }: KnownServer): string => server;
