/** Whether a former source could be fenced: the second account, on each server. Changes nothing there. */

import type { FenceAccess } from '../../config/loaded.ts';
import type { Problem } from '../../mysql/answer/failures.ts';
import { accountName, accountOfCurrentUser } from '../../mysql/answer/grants.ts';
import { lacksOf } from '../../mysql/answer/privileges.ts';
import {
  type FenceSet,
  fenceAccountStatements,
  fenceGrant,
  fenceSetOf,
} from '../../mysql/flavour/fence-set.ts';
import type { ServerInspection, ServerReport } from '../../mysql/inspection.ts';
import { type Found, fault, unreachable } from '../found.ts';
import { type Answering, type ClusterView, onAccount, serverCheck } from './cluster-view.ts';

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
    return inspection.kind === 'seen'
      ? lacking(question, inspection.report)
      : [refused(question, inspection.problem)];
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

/** What the account of fence sees there. */
function seenAt(server: Answering, view: ClusterView): ServerReport | undefined {
  const inspection = inspectionOf(server, view);
  return inspection?.kind === 'seen' ? inspection.report : undefined;
}

const isInGroup = ({ facts }: Answering): boolean => (facts?.group?.members.length ?? 0) > 0;

const unsupported = (why: string, { file, name }: ClusterView): Found =>
  fault('fence-unsupported', `is not fenced, although "fence" is configured: it ${why}`, {
    where: `in ${file}, under clusters: ${name}: remove the section`,
    lines: ['fence'],
  });

/** The server let the other account in, so it is reachable. */
function refused({ server, view, set, fence }: Question, { kind, failure }: Problem): Found {
  const what = `the account of fence, ${fence.user}, cannot log in: ${failure.message.replace(`${server.address}: `, '')}`;
  if (kind === 'unknown') return unreachable('fence-login', what);
  // Clients from our host have the same host part in the account that watches.
  const { currentUser } = server.report;
  const account = accountName(fence.user, currentUser.slice(currentUser.lastIndexOf('@') + 1));
  const lines = fenceAccountStatements(account, set);
  return fault(
    'fence-login',
    what,
    onAccount(view, server, lines, (source) => seenAt(source, view) !== undefined),
  );
}

/** What it lacks is granted by one statement. */
function lacking(question: Question, report: ServerReport): readonly Found[] {
  const { server, view } = question;
  const lacks = lackedBy(question, report);
  if (lacks.length === 0) return [];
  const account = accountOfCurrentUser(report.currentUser);
  const what = lacks.includes(question.set.privileges.close[0])
    ? 'cannot make the server read-only'
    : 'cannot end the connections of all clients';
  const isRight = (source: Answering) => {
    const there = seenAt(source, view);
    return there !== undefined && lackedBy(question, there).length === 0;
  };
  return [
    fault(
      'fence-grant',
      `the account of fence, ${account}, ${what}: it lacks ${[...new Set(lacks)].join(', ')}`,
      onAccount(view, server, [fenceGrant(account, lacks)], isRight),
    ),
  ];
}

function lackedBy({ set, fence }: Question, { grants }: ServerReport): readonly string[] {
  const { close, kill, list } = set.privileges;
  return lacksOf(grants, fence.kill === 'none' ? [close] : [close, kill, list]);
}
