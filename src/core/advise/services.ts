/** Galera and managed services: their own tools do it, and statements of ours would be in the way. */

import { follow } from '../decide/advice.ts';
import type { Situation } from '../decide/situation.ts';
import { splitAddress } from '../model/observation.ts';
import type { Advice, AdviceAim, Procedure, Step } from '../model/procedure.ts';
import type { ServerView } from '../observe/topology.ts';
import { inDoubt, refused } from './refusals.ts';
import { inShell, isTold, onServer, statusStep } from './steps.ts';

const advice = (aim: AdviceAim, { address: server }: ServerView, procedure: Procedure): Advice => ({
  kind: 'procedures',
  aim,
  server,
  procedures: [procedure],
});

/** Every node may write: "the source" is only a choice. */
export function galeraAdvice(situation: Situation, aim: AdviceAim, server: ServerView): Advice {
  const doubt = inDoubt(situation);
  if (doubt !== undefined) return doubt;
  const { address } = server;
  const look = statusStep(situation, `Look whether ${address} is as it should be.`);
  const synced = {
    statement: "SHOW GLOBAL STATUS LIKE 'wsrep_local_state_comment'",
    expect: 'Value: Synced',
  };
  switch (aim) {
    case 'rejoin':
      return advice(aim, server, {
        title: `Let the node ${address} join its Galera cluster again`,
        why: 'Galera does it: a node that starts gets what it lacks from another node (IST or SST). An SST replaces all its data, so what only this node had is gone.',
        preconditions: [],
        steps: [
          inShell(
            `On the machine of ${address}: start the node. Never with --wsrep-new-cluster: that makes a second cluster.`,
            ['systemctl restart mariadb'],
          ),
          onServer(server, 'Wait until the node is synced.', { verify: [synced] }),
          look,
        ],
        warnings: ['While it gives data to the joiner, the donor may be slow.'],
      });
    case 'source':
      if (server.facts?.wsrep?.state !== 'synced' || !server.writable)
        return refused(
          'unsuitable',
          `The node ${address} is not synced and open: source-dns explain says why.`,
        );
      return advice(aim, server, {
        title: `Make ${address} the source`,
        why: 'Every node of a Galera cluster may write. The name alone decides, and nothing is lost.',
        preconditions: [`${address} is synced.`],
        steps: [
          onServer(server, 'See that the node is synced.', { verify: [synced] }),
          inShell(`Move the name.`, [follow(situation, server)], `Move it back in the same way.`),
          look,
        ],
        warnings: [
          'Clients of the old source write there until they connect again: both writes count, but the same row on two nodes can give deadlock errors.',
        ],
      });
    case 'promote':
      return refused(
        'unsuitable',
        'Galera has no promotion: while some nodes are in the primary component, the name moves to one of them by itself. If no node is, find the node with the highest wsrep_last_committed (grastate.dat: seqno, safe_to_bootstrap) and start the cluster again from that one (galera_new_cluster). On any other node, writes would be lost.',
      );
    case 'remove':
      return advice(aim, server, {
        title: `Take the node ${address} out of the cluster`,
        why: 'A node that stops in order leaves its cluster: the others count one node less.',
        preconditions: [],
        steps: [
          inShell(`On the machine of ${address}: stop the node, and keep it from starting again.`, [
            'systemctl disable --now mariadb',
          ]),
          configStep(situation, server),
          look,
        ],
        warnings: [
          'Take it out of wsrep_cluster_address of the other nodes. Two nodes that are left have no majority when one is lost.',
        ],
      });
  }
}

const configStep = ({ state }: Situation, { address }: ServerView): Step =>
  inShell(
    `In the configuration of every instance: take ${address} out of "servers" of ${state.settings.cluster}. Then each instance reads it again (SIGHUP).`,
    ['systemctl reload source-dns'],
  );

/** Aurora and RDS Multi-AZ clusters: their statements are not for customers. */
export function managedAdvice(situation: Situation, aim: AdviceAim, server: ServerView): Advice {
  const doubt = inDoubt(situation);
  if (doubt !== undefined) return doubt;
  const { address } = server;
  const instance = server.known?.managed?.self ?? splitAddress(address).host.split('.')[0] ?? address;
  if (aim === 'rejoin')
    return {
      kind: 'nothing',
      sentence: `The service itself brings ${address} back: there is nothing to do by hand.`,
    };
  if (aim === 'remove')
    return advice(aim, server, {
      title: `Delete the instance ${instance}`,
      why: 'The service keeps the data of the cluster apart from its instances.',
      preconditions: [],
      steps: [
        inShell('Delete the instance. CLUSTER data stay.', [
          `aws rds delete-db-instance --db-instance-identifier ${instance}`,
        ]),
        configStep(situation, server),
        statusStep(situation, `Look whether ${address} is gone from the list.`),
      ],
      warnings: ['It cannot be undone.'],
    });
  if (isTold(server) && server.writable && server === situation.published)
    return { kind: 'nothing', sentence: `${address} is the writer already.` };
  return advice(aim, server, {
    title: `Let the service make ${address} the writer`,
    why: 'The service does the failover. CLUSTER is the identifier of the cluster at the service.',
    preconditions: [],
    steps: [
      inShell(
        'Ask the service. It may take a minute; clients lose their connections.',
        [
          `aws rds failover-db-cluster --db-cluster-identifier CLUSTER --target-db-instance-identifier ${instance}`,
        ],
        'The same command with the old writer as the target.',
      ),
      statusStep(situation, `Look whether the name follows: ${address} is the source.`),
    ],
    warnings: [],
  });
}
