/**
 * A name that answers SERVFAIL in a zone that is well. Mostly an alias leads back to itself, as where a
 * wildcard CNAME covers its own target: Knot answers the alias, BIND answers it only to a question for the
 * CNAME, and PowerDNS not even then.
 */
import type { Failure } from '../../core/model/observation.ts';
import type { Fqdn, MonoMs } from '../../core/model/units.ts';
import type { UpdateOutcome } from '../../core/model/zone.ts';
import { CLASS, TYPE } from '../message/codes.ts';
import { parentOf } from '../message/name.ts';
import type { AnyPrerequisite } from '../message/update.ts';
import { type Answer, ask, type Correspondent } from './query.ts';
import { findZone } from './zone-finder.ts';

/** An update that changes nothing and has only this prerequisite. Ends by the deadline; never rejects. */
export type TestPrerequisite = (
  zone: Fqdn,
  prerequisite: AnyPrerequisite,
  deadline: MonoMs,
) => Promise<UpdateOutcome>;

export type Reading =
  | Answer
  /** The zone stores nothing at the name: this wildcard must be what fails. */
  | { readonly kind: 'nothing'; readonly wildcard: Fqdn }
  /** The zone above the name was answered: only this name is not well. */
  | { readonly kind: 'failed'; readonly failure: Failure; readonly alone: true };

interface FailingName {
  readonly name: Fqdn;
  readonly zone: Fqdn;
  /** What the name answered. */
  readonly failure: Failure;
  readonly deadline: MonoMs;
}

/**
 * What the name holds: the alias, or nothing, which only a prerequisite proves. Else the failure. Never
 * rejects.
 */
export async function lookInto(
  correspondent: Correspondent,
  holds: TestPrerequisite,
  failing: FailingName,
): Promise<Reading> {
  const { name, zone, failure, deadline } = failing;
  const alias = await ask(correspondent, { name, type: TYPE.CNAME }, deadline);
  if (
    alias.kind === 'answer' &&
    alias.message.answers.some((rr) => rr.type === TYPE.CNAME && rr.class === CLASS.IN && rr.owner === name)
  )
    return alias;
  const found = await findZone(correspondent, name, deadline);
  if (found.kind === 'failed' && found.above === undefined) return { kind: 'failed', failure };
  if (found.kind === 'failed' || found.zone !== zone) return { kind: 'failed', failure, alone: true };
  if (found.failing === undefined) return failsAlone(failing);
  const outcome = await holds(zone, { kind: 'name-not-in-use', name }, deadline);
  if (outcome.kind === 'applied')
    return { kind: 'nothing', wildcard: `*.${parentOf(found.failing)}` as Fqdn };
  const isInUse = outcome.kind === 'refused' && outcome.code === 'prerequisite-failed';
  return isInUse ? failsAlone(failing) : { kind: 'failed', failure: outcome.failure };
}

const failsAlone = ({ name, zone, failure }: FailingName): Reading => ({
  kind: 'failed',
  failure: {
    code: failure.code,
    message: `${failure.message} The rest of the zone ${zone} is answered, so what is stored at ${name} fails.`,
    hint: `See what the nameserver must look up for ${name}: a CNAME, an ALIAS or a LUA record.`,
  },
  alone: true,
});
