/** Runs the checks of the doctor: side by side, each one bounded. */

import { withDeadline } from '../mysql/connection/deadline.ts';
import { type Area, areas, type Finding, type Verdict } from './finding.ts';
import type { World } from './world.ts';

/** One thing that the doctor looks at. */
export interface Check {
  readonly area: Area;
  /** The code of its `ok` findings: one word or two, as `grants`. */
  readonly name: string;
  /** The codes of what it can find. Each has a row in docs/OPERATING.md. */
  readonly codes: readonly string[];
  /** Ends by the world's deadline. It throws for bugs only. Empty: there is nothing to look at. */
  look(world: World): Promise<readonly Finding[]>;
}

export interface Findings {
  /** By area, in the order of `areas`; within an area in the order of the checks. */
  readonly findings: readonly Finding[];
  readonly counts: Readonly<Record<Verdict, number>>;
}

/** The code of a check that did not end by the deadline. */
export const lateCode = 'check-late';

/** Rejects for bugs only: a check that throws, or that finds what it did not announce. */
export async function runChecks(world: World, checks: readonly Check[]): Promise<Findings> {
  const found = await Promise.all(checks.map((check) => bounded(world, check)));
  const findings = found.flat().toSorted((a, b) => areas.indexOf(a.area) - areas.indexOf(b.area));
  const count = (verdict: Verdict) => findings.filter((finding) => finding.verdict === verdict).length;
  return {
    findings,
    counts: {
      ok: count('ok'),
      warning: count('warning'),
      fault: count('fault'),
      unreachable: count('unreachable'),
    },
  };
}

async function bounded(world: World, check: Check): Promise<readonly Finding[]> {
  const found = await withDeadline(world.clock, world.deadline, check.look(world), () => [late(check)]);
  const known = new Set([check.name, lateCode, ...check.codes]);
  const stranger = found.find(({ code }) => !known.has(code));
  if (stranger !== undefined)
    throw new Error(`the check "${check.name}" found "${stranger.code}", which is not in its codes`);
  return found;
}

const late = ({ area, name }: Check): Finding => ({
  area,
  code: lateCode,
  subject: name,
  verdict: 'unreachable',
  sentence: 'this check did not end in time, so nothing is known',
  mends: [],
});
