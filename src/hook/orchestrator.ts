/**
 * The hooks of orchestrator. All is in the environment (go/logic/topology_recovery.go, `ORC_*`), whatever the
 * command line of the hook is. `PostTakeMasterProcesses` gets only two of them, as `host:port`.
 */

import type { HookCall, HookReading } from './claim.ts';
import { placeholderIn, placeOf, placesOf } from './place.ts';
import { byOf, told } from './words.ts';

const nothing = (sentence: string): HookReading => ({ kind: 'nothing', sentence });
const wrong = (sentence: string): HookReading => ({ kind: 'wrong', sentence });

/** Failures of a server that is not the source. */
const notTheSource = /IntermediateMaster|GroupMember/;

export function readOrchestrator({ tool, cluster, words, env, host }: HookCall): HookReading {
  const value = (name: string): string => env[`ORC_${name}`]?.trim() ?? '';
  if (!Object.keys(env).some((name) => name.startsWith('ORC_')))
    return wrong('there is no ORC_ variable in the environment: only orchestrator calls this hook');
  const type = value('FAILURE_TYPE');
  const isSource = value('IS_MASTER') !== 'false' || value('IS_CO_MASTER') === 'true';
  if (!isSource || notTheSource.test(type))
    return nothing(`${told(type) || 'this failure'} is not a failure of the source`);
  if (value('IS_SUCCESSFUL') === 'false') return nothing('orchestrator promoted no server');
  const literal = [...words, ...Object.values(successorOf(value))].flatMap(
    (text) => placeholderIn(text) ?? [],
  );
  if (literal[0] !== undefined)
    return wrong(
      `orchestrator did not fill in ${literal[0]}: it has no successor at this hook. Use PostMasterFailoverProcesses`,
    );
  const { name, port } = successorOf(value);
  const successor = placeOf(name, port);
  if (successor === undefined)
    return name === ''
      ? nothing('orchestrator names no successor: use PostMasterFailoverProcesses')
      : wrong(`"${told(name)}" in ORC_SUCCESSOR_HOST is not a host`);
  const uid = value('RECOVERY_UID');
  const command = value('COMMAND');
  const reason = [command, uid && `recovery ${uid}`].filter((part) => part !== '').join(', ');
  return {
    kind: 'claim',
    claim: {
      tool,
      act: 'moved',
      ...(cluster === undefined ? {} : { cluster }),
      names: [value('FAILURE_CLUSTER_ALIAS'), value('FAILURE_CLUSTER_DOMAIN')].filter((text) => text !== ''),
      former: placesOf(placeOf(value('FAILED_HOST'), value('FAILED_PORT'))),
      successor: [successor],
      by: byOf('orchestrator', value('ORCHESTRATOR_HOST') || host),
      ...(reason === '' ? {} : { reason: told(reason) }),
      ...(uid === '' ? {} : { id: `orchestrator ${told(uid)}` }),
    },
  };
}

const successorOf = (value: (name: string) => string) => ({
  name: value('SUCCESSOR_HOST'),
  port: value('SUCCESSOR_PORT'),
});
