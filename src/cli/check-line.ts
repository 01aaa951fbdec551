/** `status --check`: one line and one exit code, for monitoring. Pure. */

import { alarmText } from '../daemon/entry-text.ts';
import type { ClusterDocument } from '../http/documents.ts';
import { apiSocketPath } from '../http/unix-socket.ts';
import type { DaemonSeen } from './daemon-text.ts';
import { type ExitCode, exitCodes } from './exit-code.ts';
import { isSeen, type Look } from './look.ts';

type CheckState = 'ok' | 'alarm' | 'held' | 'unreachable';

interface ClusterCheck {
  readonly cluster: string;
  readonly state: CheckState;
  readonly sentence: string;
}

/** `status --check --json`. */
export interface Check {
  /** Of the worst cluster. */
  readonly state: CheckState;
  readonly exitCode: ExitCode;
  /** The line for people. */
  readonly sentence: string;
  readonly clusters: readonly ClusterCheck[];
  readonly daemon: DaemonSeen | { readonly running: false; readonly socket: string };
}

/** In the line: a monitoring system keeps some kilobytes of it. The JSON has all. */
const mostClusters = 8;

/** From best to worst: a name that may not be watched at all is the worst. */
const states: readonly CheckState[] = ['ok', 'alarm', 'held', 'unreachable'];
const codeOf: Readonly<Record<CheckState, ExitCode>> = {
  ok: exitCodes.done,
  alarm: exitCodes.failed,
  held: exitCodes.held,
  unreachable: exitCodes.unreachable,
};

/** `look` undefined: no daemon runs. */
export function checkOf(look: Look | undefined, stateDir: string): Check {
  const socket = apiSocketPath(stateDir);
  const silent = (sentence: string): Check => ({
    state: 'unreachable',
    exitCode: exitCodes.unreachable,
    sentence: oneLine(`UNREACHABLE: ${sentence}`),
    clusters: [],
    daemon: { running: false, socket },
  });
  if (look === undefined) return silent(`no daemon runs: nothing listens on ${socket}`);
  if (look.kind === 'failed') return silent(look.failure.message);
  const clusters = look.documents.map(clusterCheck);
  const state = states.findLast((one) => clusters.some((cluster) => cluster.state === one)) ?? 'ok';
  const worst = clusters.filter((cluster) => cluster.state === state);
  const others = clusters.length - worst.length;
  const told = worst.slice(0, mostClusters).map(({ cluster, sentence }) => `${cluster}: ${sentence}`);
  if (worst.length > mostClusters) told.push(`and ${worst.length - mostClusters} more`);
  if (clusters.length === 0) told.push("no cluster is this instance's");
  if (others > 0) told.push(`${others} other(s) not as bad`);
  const codes = warningCodes(look.daemon);
  if (codes.length > 0) told.push(`warnings of the daemon: ${codes.join(', ')}`);
  return {
    state,
    exitCode: codeOf[state],
    sentence: oneLine(`${state.toUpperCase()}: ${told.join('; ')}`),
    clusters,
    daemon: look.daemon,
  };
}

/** What to mend although all works: it changes no exit code. */
const warningCodes = (daemon: DaemonSeen): readonly string[] =>
  'warnings' in daemon ? [...new Set(daemon.warnings.map(({ code }) => code))] : [];

function clusterCheck(document: ClusterDocument): ClusterCheck {
  const { cluster, publications, alarms } = document;
  const told = (state: CheckState, sentence: string): ClusterCheck => ({ cluster, state, sentence });
  const unread = publications.find(({ ready, readFailure }) => !ready || readFailure !== null);
  if (unread !== undefined) {
    const { nameserver, readFailure, decision } = unread;
    return told(
      'unreachable',
      readFailure === null
        ? `not decided yet: ${decision.sentence}`
        : `the zone at ${nameserver} cannot be read: ${readFailure.message}`,
    );
  }
  if (!isSeen(document)) return told('unreachable', 'no server answers');
  const held = publications.find(({ decision }) => decision.kind === 'hold');
  if (held !== undefined) return told('held', `${held.decision.reason}: ${held.decision.sentence}`);
  const [alarm, ...more] = alarms;
  if (alarm !== undefined)
    return told(
      'alarm',
      `${alarm.code}: ${alarmText(alarm)}${more.length === 0 ? '' : ` (and ${more.length} more)`}`,
    );
  const failed = publications.find(({ writeFailure }) => writeFailure !== null);
  if (failed?.writeFailure)
    return told('alarm', `the last update at ${failed.nameserver} failed: ${failed.writeFailure.message}`);
  return told('ok', okText(document));
}

function okText({ mode, publications }: ClusterDocument): string {
  const sources = new Set(
    publications.flatMap(({ decision }) => (decision.kind === 'point-to' ? [decision.source] : [])),
  );
  return `${[...sources].join(', ')}${mode === 'observe' ? ' (observe: writes nothing)' : ''}`;
}

/** For monitoring systems that take what follows `|` for measurements (Nagios plugin guidelines). */
const oneLine = (text: string): string => text.replace(/\s*\n\s*/g, ' ').replaceAll('|', '/');
