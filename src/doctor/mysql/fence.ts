/** Whether a former source could be fenced: the second account, on each server. Changes nothing there. */

import type { FenceAccess } from '../../config/loaded.ts';
import { accountName, accountOfCurrentUser } from '../../mysql/answer/grants.ts';
import { lacksOf } from '../../mysql/answer/privileges.ts';
import {
  type FenceSet,
  fenceAccountStatements,
  fenceGrant,
  fenceSetOf,
} from '../../mysql/flavour/fence-set.ts';
import type { ServerInspection } from '../../mysql/inspection.ts';
import { type Found, fault, unreachable } from '../found.ts';
import { type Answering, type ClusterView, onlyHere, onSource, serverCheck } from './cluster-view.ts';

export const fenceCheck = serverCheck(
  {
    name: 'fence',
    codes: ['fence-unsupported', 'fence-login', 'fence-grant'],
    ok: 'the account of fence could make it read-only, and end the connections of its clients',
  },
  (server, view) => {
    const { fence } = view.cluster;
    const inspection = inspectionOf(server, view);
    if (fence === undefined || inspection === undefined) return undefined;
    const set = isInGroup(server)
      ? 'is a member of a group: the group itself decides who takes writes'
      : fenceSetOf(server.report.traits);
    if (typeof set === 'string') return [unsupported(set, view)];
    const question = { server, view, set, fence };
    return inspection.kind === 'seen' ? lacking(question, inspection) : [refused(question, inspection)];
  },
);

interface Question {
  readonly server: Answering;
  readonly view: ClusterView;
  readonly set: FenceSet;
  readonly fence: FenceAccess;
}

const inspectionOf = ({ address }: Answering, { servers }: ClusterView): ServerInspection | undefined =>
  servers.find((one) => one.address === address)?.fence;

const isInGroup = ({ facts }: Answering): boolean => (facts?.group?.members.length ?? 0) > 0;

const unsupported = (why: string, { file, name }: ClusterView): Found =>
  fault('fence-unsupported', `is not fenced, although "fence" is configured: it ${why}`, {
    where: `in ${file}, under clusters: ${name}: remove the section`,
    lines: ['fence'],
  });

/** The server let the other account in, so it is reachable. */
function refused(
  { server, view, set, fence }: Question,
  { problem }: Extract<ServerInspection, { kind: 'refused' }>,
): Found {
  const what = `the account of fence, ${fence.user}, cannot log in: ${problem.failure.message.replace(`${server.address}: `, '')}`;
  if (problem.kind === 'unknown') return unreachable('fence-login', what);
  // Clients from our host have the same host part in the account that watches.
  const { currentUser } = server.report;
  const account = accountName(fence.user, currentUser.slice(currentUser.lastIndexOf('@') + 1));
  return fault('fence-login', what, onAccount(server, view, fenceAccountStatements(account, set), 'refused'));
}

/** What it lacks is granted by one statement. */
function lacking(
  { server, view, set, fence }: Question,
  { report }: Extract<ServerInspection, { kind: 'seen' }>,
): readonly Found[] {
  const { close, kill, list } = set.privileges;
  const lacks = lacksOf(report.grants, fence.kill === 'none' ? [close] : [close, kill, list]);
  if (lacks.length === 0) return [];
  const account = accountOfCurrentUser(report.currentUser);
  const isClosed = lacks.includes(close[0]);
  const what = isClosed ? 'cannot make the server read-only' : 'cannot end the connections of all clients';
  return [
    fault(
      'fence-grant',
      `the account of fence, ${account}, ${what}: it lacks ${[...new Set(lacks)].join(', ')}`,
      onAccount(server, view, [fenceGrant(account, lacks)], 'lacking'),
    ),
  ];
}

/** On the source, unless the account is right there: then it is wrong only here. */
function onAccount(
  server: Answering,
  view: ClusterView,
  lines: readonly string[],
  wrong: 'refused' | 'lacking',
) {
  const { source } = view;
  const there = source?.fence;
  const isRight = there?.kind === 'seen' && (wrong === 'refused' || hasAll(there, server));
  return isRight && source?.address !== server.address
    ? onlyHere(server.address, view, lines)
    : onSource(view, lines);
}

function hasAll({ report }: Extract<ServerInspection, { kind: 'seen' }>, { report: { traits } }: Answering) {
  const set = fenceSetOf(traits);
  return typeof set !== 'string' && lacksOf(report.grants, Object.values(set.privileges)).length === 0;
}
