/** Group Replication: the group elects its primary, and closes and opens its members (manual chapter 20). */

import { electing, joining, startAnewFrom } from '../decide/advice.ts';
import { groupNameOf, isLeftToGroup, isSecondary, publishedGroup } from '../decide/elections.ts';
import { errantGtids } from '../decide/rejoin.ts';
import type { Situation } from '../decide/situation.ts';
import { countGtids } from '../gtid/gtid.ts';
import type { Advice, AdviceAim, Check, Step } from '../model/procedure.ts';
import { isOnlineIn, isPresent, ownMembership } from '../observe/membership.ts';
import type { ServerView } from '../observe/topology.ts';
import { isClosed, isOnline } from './checks.ts';
import { rebuildProcedure } from './rebuild.ts';
import { inDoubt, refused, silent, sourceNotReady } from './refusals.ts';
import { inShell, isTold, onServer, statusStep, type Told } from './steps.ts';

/** InnoDB Cluster keeps a list of its members: statements alone would leave that list wrong. */
const shell = (call: string): string =>
  `If MySQL Shell manages this group (the schema mysql_innodb_cluster_metadata exists), use the Shell instead: ${call}`;

const shellCalls: Readonly<Record<AdviceAim, string>> = {
  rejoin: 'dba.getCluster().rejoinInstance()',
  source: 'dba.getCluster().setPrimaryInstance()',
  promote: 'dba.getCluster().forceQuorumUsingPartitionOf(), or dba.rebootClusterFromCompleteOutage()',
  remove: 'dba.getCluster().removeInstance()',
};

/** For a server of the group of the published source. */
export function groupAdvice(situation: Situation, aim: AdviceAim, server: ServerView): Advice {
  const doubt = inDoubt(situation);
  if (doubt !== undefined) return doubt;
  if (aim === 'promote') return lostPrimary(situation, server);
  const member = onlineMember(situation);
  if (!isLeftToGroup(situation, server) || member === undefined)
    return refused(
      'source-unknown',
      `No member of the group answers as ONLINE, so there is nothing to join. If the group is lost, it must be ${startAnewFrom('the member that has most')}. Only a person can tell which member has most: compare their gtid_executed.`,
    );
  if (aim === 'rejoin') return rejoinGroup(situation, server);
  const no = silent(server);
  if (no !== undefined || !isTold(server)) return no ?? { kind: 'nothing', sentence: '' };
  return aim === 'source' ? electMember(situation, member, server) : leaveGroup(situation, server);
}

const onlineMember = (situation: Situation): ServerView | undefined =>
  situation.members.find(
    (member) =>
      groupNameOf(member) === publishedGroup(situation) &&
      member.facts !== undefined &&
      isOnlineIn(member.facts.group, member.facts.id),
  );

function rejoinGroup(situation: Situation, server: ServerView): Advice {
  const { published } = situation;
  const no = sourceNotReady(situation) ?? silent(server);
  if (no !== undefined || !isTold(server) || !isTold(published))
    return no ?? { kind: 'nothing', sentence: '' };
  if (isPresent(ownMembership(server.known)))
    return { kind: 'nothing', sentence: `${server.address} is in its group already.` };
  const errant = errantGtids(situation, published, server);
  const join = onServer(
    server,
    `Let ${server.address} join its group. If the group does not know the recovery account: START GROUP_REPLICATION USER='USER', PASSWORD='PASSWORD'.`,
    {
      statements: joining(server.known).split('; '),
      verify: [isOnline, isClosed(server.known)],
      undo: 'STOP GROUP_REPLICATION',
    },
  );
  const look = statusStep(situation, `Look whether ${server.address} is a replica.`);
  const warnings = [
    `If the group refuses ${server.address} because it has transactions of its own (error log: MY-011526), rebuild it from a member with CLONE, then let it join.`,
    shell(shellCalls.rejoin),
  ];
  if (errant !== undefined && countGtids(errant) > 0) {
    const rebuild = rebuildProcedure(situation, { source: published, server, errant });
    // Its group brings the data, and not a channel.
    const copied = rebuild.steps.filter(({ statements, verify, on }) => isOfCopy(statements, verify, on));
    return {
      kind: 'procedures',
      aim: 'rejoin',
      server: server.address,
      procedures: [{ ...rebuild, steps: [...copied, noBootstrapStep(server), join, look], warnings }],
    };
  }
  return {
    kind: 'procedures',
    aim: 'rejoin',
    server: server.address,
    procedures: [
      {
        title: `Let ${server.address} join its group again`,
        why: `${server.address} is out of its group, and has nothing that the group lacks.`,
        preconditions: [`${published.address} is the primary of the group.`],
        steps: [noBootstrapStep(server), join, look],
        warnings,
      },
    ],
  };
}

/** With this variable ON, START makes a second group with a second writable primary. */
const noBootstrapStep = (server: Told): Step =>
  onServer(
    server,
    `${server.address} must not begin a second group. If the variable is ON in its my.cnf, take it out there, too.`,
    {
      statements: ['SET GLOBAL group_replication_bootstrap_group = OFF'],
      verify: [{ statement: 'SELECT @@GLOBAL.group_replication_bootstrap_group', expect: '0' }],
    },
  );

/** Up to the copy, and without the steps for a channel. */
const isOfCopy = (statements: readonly string[], verify: readonly Check[], on: Step['on']): boolean =>
  on !== null
    ? !statements.some((each) => each.startsWith('CHANGE')) &&
      !verify.some(({ statement }) => statement.includes('WAIT_FOR'))
    : false;

function electMember(situation: Situation, member: ServerView, server: Told): Advice {
  if (!isSecondary(server))
    return {
      kind: 'nothing',
      sentence: `${server.address} is the primary of its group already, or is not in it.`,
    };
  if (!isOnlineIn(server.known.group, server.known.id))
    return refused('unsuitable', `${server.address} is not ONLINE in its group: first let it catch up.`);
  return {
    kind: 'procedures',
    aim: 'source',
    server: server.address,
    procedures: [
      {
        title: `Make ${server.address} the primary of its group`,
        why: 'The group itself closes the present primary, waits for the new one, and opens it. Nothing is lost.',
        preconditions: [`${member.address} is ONLINE.`, `${server.address} is ONLINE, as a SECONDARY.`],
        steps: [
          onServer(member, `Ask the group. It waits for running transactions to end.`, {
            statements: [electing(server.id)],
            verify: [
              {
                statement: `SELECT MEMBER_ROLE FROM performance_schema.replication_group_members WHERE MEMBER_ID = '${server.id}'`,
                expect: 'PRIMARY',
              },
            ],
            undo: electing(situation.published?.id),
          }),
          statusStep(situation, `Look whether the name follows: ${server.address} is the source.`),
        ],
        warnings: [shell(shellCalls.source)],
      },
    ],
  };
}

function leaveGroup(situation: Situation, server: Told): Advice {
  const { cluster } = situation.state.settings;
  if (server === situation.published)
    return refused(
      'unsuitable',
      `${server.address} is the primary. First make another member the primary: source-dns advise ${cluster} --to source --server SERVER`,
    );
  return {
    kind: 'procedures',
    aim: 'remove',
    server: server.address,
    procedures: [
      {
        title: `Take ${server.address} out of its group and out of the cluster`,
        why: `${server.address} is not the primary.`,
        preconditions: [`${situation.published?.address} is the primary of the group.`],
        steps: [
          onServer(server, `Leave the group. The server stays closed.`, {
            statements: ['STOP GROUP_REPLICATION'],
            verify: [isClosed(server.known)],
            undo: 'START GROUP_REPLICATION',
          }),
          inShell(
            `In the configuration of every instance: take ${server.address} out of "servers" of ${cluster}. Then each instance reads it again (SIGHUP).`,
            ['systemctl reload source-dns'],
          ),
          statusStep(situation, `Look whether ${server.address} is gone from the list.`),
        ],
        warnings: [
          'A group of two has no majority when one of the two is lost.',
          'It joins again at its next start, if group_replication_start_on_boot is ON in its my.cnf.',
          shell(shellCalls.remove),
        ],
      },
    ],
  };
}

/** Statements that force a group can make two of it. */
const lostPrimary = (situation: Situation, server: ServerView): Advice =>
  isLeftToGroup(situation, server)
    ? refused(
        'unsuitable',
        `The group of ${situation.published?.address} still runs: it elects another primary by itself, and no statement may do that instead. If it has lost its majority, bring the other members back. ${shell(shellCalls.promote)}`,
      )
    : refused(
        'source-unknown',
        `No member of the group is left. It must be ${startAnewFrom('the member that has most')}. Only a person can tell which member has most: compare their gtid_executed. ${shell(shellCalls.promote)}`,
      );
