/** What the tools really give: their words and their environment, byte by byte. */

import { readCall, readHookLine } from '../../../src/hook/call.ts';
import type { HookReading } from '../../../src/hook/claim.ts';

type Environment = Readonly<Record<string, string>>;

/** The reading of `source-dns hook ARGV`. */
export async function reading(argv: readonly string[], env: Environment = {}): Promise<HookReading> {
  const line = readHookLine(['hook', ...argv], { env, host: 'manager1' });
  if (line?.kind !== 'call') throw new Error(`not a call: ${JSON.stringify(line)}`);
  return readCall(line.call);
}

/** `PostMasterFailoverProcesses` of orchestrator after the death of db1 (topology_recovery.go). */
export const orchestratorEnvironment: Environment = {
  ORC_FAILURE_TYPE: 'DeadMaster',
  ORC_INSTANCE_TYPE: 'master',
  ORC_IS_MASTER: 'true',
  ORC_IS_CO_MASTER: 'false',
  ORC_FAILURE_DESCRIPTION: 'Master cannot be reached by orchestrator and none of its replicas is replicating',
  ORC_COMMAND: '',
  ORC_FAILED_HOST: 'db1.example.com',
  ORC_FAILED_PORT: '3306',
  ORC_FAILURE_CLUSTER: 'db1.example.com:3306',
  ORC_FAILURE_CLUSTER_ALIAS: 'shop',
  ORC_FAILURE_CLUSTER_DOMAIN: 'source.shop.example.com',
  ORC_COUNT_REPLICAS: '2',
  ORC_IS_DOWNTIMED: 'false',
  ORC_AUTO_MASTER_RECOVERY: 'true',
  ORC_AUTO_INTERMEDIATE_MASTER_RECOVERY: 'false',
  ORC_ORCHESTRATOR_HOST: 'orc2.example.com',
  ORC_IS_SUCCESSFUL: 'true',
  ORC_LOST_REPLICAS: '',
  ORC_REPLICA_HOSTS: 'db2.example.com:3306,db3.example.com:3306',
  ORC_RECOVERY_UID: '1670000000000000000:9b2f0c6a',
  ORC_SUCCESSOR_HOST: 'db2.example.com',
  ORC_SUCCESSOR_PORT: '3306',
  ORC_SUCCESSOR_BINLOG_COORDINATES: 'binlog.000003:1540',
  ORC_SUCCESSOR_ALIAS: '',
};

/** `--command=start` of MHA 0.58 (MasterFailover.pm), as its shell has split it. */
export const mhaStart: readonly string[] = [
  '--command=start',
  '--ssh_user=root',
  '--orig_master_host=db1.example.com',
  '--orig_master_ip=192.0.2.1',
  '--orig_master_port=3306',
  '--new_master_host=db2.example.com',
  '--new_master_ip=192.0.2.2',
  '--new_master_port=3306',
  '--new_master_user=mha',
  '--orig_master_ssh_port=22',
  '--ssh_options=-o ServerAliveInterval=60 -o StrictHostKeyChecking=no',
  '--new_master_password=ti$ger in the "tank"',
];
