import type { Alarm } from '../core/events.ts';
import {
  catchUpFromPeers,
  cloneFrom,
  executed,
  executedOf,
  makeReadOnly,
  makeWritable,
  replicateFrom,
  replicating,
  stopReplicating,
  until,
  waitForAcknowledgements,
} from './dba.ts';
import { LabError } from './lab-error.ts';
import { type MoveTimes, timesOfMove } from './move-times.ts';
import type { LabServer } from './mysql-cluster.ts';
import type { Narrator } from './narrator.ts';
import type { Stage } from './stage.ts';

/** What the story came to. */
export interface Outcome {
  readonly moves: readonly MoveTimes[];
  readonly acknowledgedWrites: number;
  readonly lostWrites: number;
  readonly held: boolean;
}

/** A name that does not follow within this is a failure of the lab; it takes some tens of milliseconds. */
const FOLLOW_MS = 30_000;
/** Rows that the web application must have written through the name before the story goes on. */
const SOME_WRITES = 20;
/** The number of the row that only the returned source has: the web application counts from 1. */
const STALE_ROW = -1;

/** Plays the manual's failover, step by step; every step says whether it held. Rejects with a LabError when one cannot even be tried. */
export async function playStory(stage: Stage, narrator: Narrator): Promise<Outcome> {
  const verdicts: boolean[] = [];
  const hold = (letter: string, held: boolean, text: string) => {
    verdicts.push(held);
    narrator.held(letter, held, text);
  };
  const [first] = stage.cluster.replicas;
  await beginning(stage, narrator, hold);
  const failover = await failOver(stage, narrator, hold);
  await theReturn(stage, narrator, hold);
  await rebuild(stage, narrator, hold);
  const back = await wayBack(stage, narrator, hold);
  narrator.step('h', 'Summary');
  await stage.web.stop();
  const lostWrites = await countLost(stage);
  hold(
    'h',
    lostWrites === 0,
    `${stage.web.acknowledged.length} writes acknowledged, ${lostWrites} of them lost; ${stage.web.failures} attempts failed and were never acknowledged`,
  );
  await showFinalAnswers(stage, narrator, first);
  return {
    moves: [failover, back],
    acknowledgedWrites: stage.web.acknowledged.length,
    lostWrites,
    held: verdicts.every(Boolean),
  };
}

type Hold = (letter: string, held: boolean, text: string) => void;

async function beginning({ cluster, primary, secondary, web, name }: Stage, narrator: Narrator, hold: Hold): Promise<void> {
  narrator.step('a', 'The name answers with Source');
  const source = cluster.source.mysqld.address;
  await Promise.all([primary.answers(source, FOLLOW_MS), secondary.answers(source, FOLLOW_MS)]);
  narrator.say(`${name} is ${source} on both nameservers`);
  await web.createTable();
  web.start();
  await writes(web);
  hold('a', true, `the web application writes through ${name}: ${web.acknowledged.length} rows so far`);
}

/** Resolves when some more rows were written. */
async function writes(web: Stage['web']): Promise<void> {
  const wanted = web.acknowledged.length + SOME_WRITES;
  await until(`the web application to write (it says: ${web.lastFailure ?? 'nothing'})`, () => web.acknowledged.length >= wanted);
}

async function failOver(stage: Stage, narrator: Narrator, hold: Hold): Promise<MoveTimes> {
  const { cluster } = stage;
  const [first, second, third] = cluster.replicas;
  narrator.step('b', 'Source crashes');
  const { pid } = cluster.source.mysqld;
  await cluster.source.mysqld.kill9();
  narrator.say(`kill -9 ${pid}`);
  await until(
    'source-dns to see that Source does not answer',
    async () => (await stage.daemon.snapshot()).servers[0]?.contact === 'unknown',
  );
  const { decision } = await stage.daemon.snapshot();
  narrator.say(`source-dns: ${decision.kind} ${decision.reason}. ${decision.sentence}`);
  hold('b', stage.primary.current === cluster.source.mysqld.address, 'nobody is promoted yet, so the name stays');

  narrator.step('c', "Replica 1 is promoted by the manual's procedure; nobody tells source-dns");
  const lacked = await catchUpFromPeers(first, [second, third], cluster.accounts);
  narrator.say(
    `STOP REPLICA IO_THREAD on all; Replica 1 lacked ${lacked} transactions that another replica had received, and has them now`,
  );
  await stopReplicating(first);
  await waitForAcknowledgements(first, 2);
  await first.mysqld.sql('SET GLOBAL super_read_only = OFF');
  const promotedAt = await makeWritable(first);
  narrator.say('Replica 1: RESET REPLICA ALL; SET GLOBAL read_only = OFF');
  const moving = followed(stage, first);
  await Promise.all([second, third].map((replica) => replicateFrom(replica, first, cluster.accounts)));
  await replicating([second, third]);
  narrator.say('Replica 2 and 3: CHANGE REPLICATION SOURCE TO Replica 1');
  hold('c', true, "the manual's picture after the failover");

  narrator.step('d', 'The name follows');
  const times = await timesOfMove(stage, 'Source', 'Replica 1', promotedAt, await moving);
  sayTimes(narrator, times);
  await writes(stage.web);
  const { decision: after } = await stage.daemon.snapshot();
  hold('d', times.reason === 'failover', `the web application writes on, to Replica 1. source-dns: ${after.sentence}`);
  return times;
}

/** When the primary and the secondary nameserver begin to answer with this server (performance.now). */
async function followed({ primary, secondary }: Stage, server: LabServer): Promise<{ primary: number; secondary: number }> {
  const { address } = server.mysqld;
  const [onPrimary, onSecondary] = await Promise.all([primary.answers(address, FOLLOW_MS), secondary.answers(address, FOLLOW_MS)]);
  return { primary: onPrimary, secondary: onSecondary };
}

function sayTimes(narrator: Narrator, times: MoveTimes): void {
  const { seenMs, decidedMs, appliedMs, promotedToAnswerMs, propagatedMs } = times;
  narrator.say(
    `after the promotion: seen ${seenMs} ms, decided ${decidedMs} ms, applied ${appliedMs} ms, answered by the primary ${promotedToAnswerMs} ms, by the secondary too ${propagatedMs} ms`,
  );
}

async function theReturn(stage: Stage, narrator: Narrator, hold: Hold): Promise<void> {
  const { cluster, daemon, primary, secondary } = stage;
  const first = cluster.replicas[0].mysqld.address;
  narrator.step('e', 'Source comes back, writable, with a stale write of its own');
  const changes = primary.changes.length + secondary.changes.length;
  await cluster.source.mysqld.start();
  await cluster.source.mysqld.sql(`INSERT INTO shop.orders (n) VALUES (${STALE_ROW})`);
  narrator.say(`Source is up again: read_only is OFF, as its my.cnf says; and somebody's script wrote row ${STALE_ROW} to it`);
  const alarm = await alarmOf(daemon, 'stale-source');
  narrator.say(`source-dns: ${alarm.sentence}`);
  await writes(stage.web);
  const stayed = primary.current === first && secondary.current === first && primary.changes.length + secondary.changes.length === changes;
  hold(
    'e',
    stayed && (alarm.count ?? 0) > 0,
    `the name stays with Replica 1; Source is superseded, with ${alarm.count} errant ${alarm.count === 1 ? 'transaction' : 'transactions'}`,
  );
}

async function alarmOf(daemon: Stage['daemon'], code: Alarm['code']): Promise<Alarm> {
  let found: Alarm | undefined;
  await until(`the alarm ${code}`, async () => {
    found = (await daemon.snapshot()).alarms.find((alarm) => alarm.code === code && (alarm.count ?? 0) > 0);
    return found !== undefined;
  });
  if (found === undefined) throw new LabError(`no alarm ${code}`, { hint: 'see source-dns.log' });
  return found;
}

async function rebuild({ cluster, daemon }: Stage, narrator: Narrator, hold: Hold): Promise<void> {
  const {
    source,
    replicas: [first],
    accounts,
  } = cluster;
  narrator.step('f', 'Source is rebuilt from Replica 1 and becomes its replica');
  narrator.explain('Made a replica as it is, it would keep the stale row; and promoted later, it would send it to every replica: with');
  narrator.explain('auto-positioning they ask for every transaction that they lack. So its data are replaced: CLONE.');
  await cloneFrom(source, first, accounts);
  narrator.say('Source: CLONE INSTANCE FROM Replica 1; restarted, super_read_only');
  await replicateFrom(source, first, accounts);
  await replicating([source]);
  await waitForAcknowledgements(first, 3);
  await executed(source, await executedOf(first));
  narrator.say('Source: CHANGE REPLICATION SOURCE TO Replica 1; it has caught up, and acknowledges like the others');
  await until('source-dns to take Source back into the line', async () => (await daemon.snapshot()).ledger?.was.length === 0);
  const { servers, alarms } = await daemon.snapshot();
  hold('f', servers[0]?.role === 'replica' && alarms.length === 0, 'Source has rejoined: no longer superseded, no alarm left');
}

async function wayBack(stage: Stage, narrator: Narrator, hold: Hold): Promise<MoveTimes> {
  const { source, replicas, accounts, all } = stage.cluster;
  const [first] = replicas;
  narrator.step('g', 'The way back: Source becomes the source again');
  narrator.explain(
    'The manual resets the binary log here (RESET BINARY LOGS AND GTIDS) so that replicas by file and position start anew. With',
  );
  narrator.explain(
    'GTIDs that would be wrong: each replica asks for what it lacks, and a reset would throw away the record of what was executed.',
  );
  await makeReadOnly(first);
  await executed(source, await executedOf(first));
  narrator.say('Replica 1: SET GLOBAL super_read_only = ON; Source has executed all that it has');
  await stopReplicating(source);
  await waitForAcknowledgements(source, 3);
  await source.mysqld.sql('SET GLOBAL super_read_only = OFF');
  const promotedAt = await makeWritable(source);
  narrator.say('Source: RESET REPLICA ALL; SET GLOBAL read_only = OFF');
  const moving = followed(stage, source);
  await Promise.all(replicas.map((replica) => replicateFrom(replica, source, accounts)));
  await replicating(replicas);
  await first.mysqld.sql('SET GLOBAL rpl_semi_sync_source_enabled = OFF');
  narrator.say('Replica 1, 2 and 3: CHANGE REPLICATION SOURCE TO Source');
  const times = await timesOfMove(stage, 'Replica 1', 'Source', promotedAt, await moving);
  sayTimes(narrator, times);
  await writes(stage.web);
  const stale = await Promise.all(all.map(({ mysqld }) => mysqld.sql(`SELECT n FROM shop.orders WHERE n = ${STALE_ROW}`)));
  const clean = stale.every((rows) => rows.length === 0);
  const reason = times.reason === 'switchover' || times.reason === 'followers-moved';
  hold(
    'g',
    clean && reason,
    `the name follows (${times.reason}), the web application writes on, and ${clean ? 'the stale row is in no server' : 'THE STALE ROW IS STILL THERE'}`,
  );
  return times;
}

/** Acknowledged rows that the source, or any of the replicas once it has caught up, does not have. */
async function countLost({ cluster, web }: Stage): Promise<number> {
  const everything = await executedOf(cluster.source);
  const lost = new Set<number>();
  for (const server of cluster.all) {
    await executed(server, everything);
    const rows = await server.mysqld.sql('SELECT n FROM shop.orders');
    const there = new Set(rows.map((row) => Number(row['n'])));
    for (const number of web.acknowledged) if (!there.has(number)) lost.add(number);
  }
  return lost.size;
}

async function showFinalAnswers({ primary, secondary, daemon }: Stage, narrator: Narrator, first: LabServer): Promise<void> {
  const { decision, ledger } = await daemon.snapshot();
  narrator.say(
    `${primary.current} on the primary, ${secondary.current} on the secondary; ledger epoch ${ledger?.epoch}; ${decision.sentence}`,
  );
  if (primary.current === first.mysqld.address) narrator.say('the name did not come back to Source');
}
