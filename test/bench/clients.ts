/** The benchmark `clients`: how long applications stay with the old source after the name has left it. */

import { setTimeout as delay } from 'node:timers/promises';
import { Application } from './clients/application-process.ts';
import { countingNameserver } from './clients/counting-nameserver.ts';
import { incidents } from './clients/incidents.ts';
import { connections, type Plan, play, type Round, writers } from './clients/round.ts';
import { roundFigures, wordsOf } from './clients/round-figures.ts';
import { World } from './clients/world.ts';
import { Asker } from './harness/asker.ts';
import type { Benchmark, Figure } from './harness/benchmark.ts';

/** An application that is told to stop exits by itself, or is killed then. */
const exitMs = 1000;

interface Scale {
  readonly rounds: { readonly following: number; readonly default: number };
  readonly plans: readonly Plan[];
  /** How long after the answer writers may come. */
  readonly watchMs: number;
  readonly idleMs: number;
}

const everyPlan: readonly Plan[] = [false, true].flatMap((fenced) =>
  incidents.flatMap((incident) =>
    (['default', 'following'] as const).flatMap((pool) =>
      // A fence finds something to do only where the old source lives and takes writes.
      (['autocommit', 'transactions'] as const).flatMap((writing) =>
        fenced && incident !== 'unfenced' ? [] : [{ incident, pool, writing, fenced }],
      ),
    ),
  ),
);

const rounds = Number(process.env['ROUNDS'] ?? 20);
const full: Scale = {
  rounds: { following: rounds, default: Math.min(rounds, 3) },
  plans: everyPlan.filter(({ fenced }) => !fenced || process.env['FENCE'] === '1'),
  watchMs: 5000,
  idleMs: 10_000,
};
const smoke: Scale = {
  rounds: { following: 1, default: 1 },
  plans: [
    { incident: 'switchover', pool: 'default', writing: 'autocommit', fenced: false },
    { incident: 'kill', pool: 'following', writing: 'transactions', fenced: false },
  ],
  watchMs: 3000,
  idleMs: 1000,
};

export const clients: Benchmark = {
  name: 'clients',
  title: 'From the authoritative answer until every client writes to the new source',
  about: `Three real MySQL servers, a real BIND, the real daemon. An application is a process with ${writers} writers on
${connections} connections; each of its writes has a number that is never used again. One application has mysql2's pool
as it is, behind a cache of the name that lasts as long as the TTL (1 s); the other has the pool of
source-dns-mysql2, with its defaults. Writers use single statements, or transactions as object-relational
mappers do. The old source is killed, or closed and made a replica, or stopped (SIGSTOP), or it stays writable
and nobody fences. Times run from the first authoritative answer; a writer has five seconds from then.`,
  async run({ scale, say }) {
    const size = scale === 'smoke' ? smoke : full;
    const world = await World.start(say);
    const asker = await Asker.start(0.5);
    try {
      await world.watched(false);
      const idle = await idleFigure(world, size.idleMs);
      // Its writes have the numbers of the next application's.
      await world.mend(world.source);
      const figures: Figure[] = [];
      for (const plan of size.plans) {
        const found: Round[] = [];
        for (let round = 0; round < size.rounds[plan.pool]; round += 1)
          found.push(checked(plan, await play(plan, world, asker, size.watchMs)));
        figures.push(...roundFigures(plan, found));
        say(`${wordsOf(plan)}: ${found.map(roundWords).join(' | ')}`);
      }
      return [...figures, idle];
    } finally {
      await asker.stop();
      await world.stop();
    }
  },
};

/** Late is only a figure; these are faults of the pool. */
function checked(plan: Plan, round: Round): Round {
  if (round.twice > 0) throw new Error(`${wordsOf(plan)}: ${round.twice} writes were done twice`);
  if (plan.pool === 'following' && !round.exited)
    throw new Error(`${wordsOf(plan)}: the application did not exit by itself`);
  return round;
}

const roundWords = ({ answerMs, followedMs, errors, lost, failures }: Round): string =>
  `answer ${Math.round(answerMs)}, all ${Math.round(followedMs)} ms later, ${errors} errors (${[...failures].map(([code, count]) => `${count} ${code}`).join(', ')}), ${lost} lost`;

/** What a pool that follows costs a nameserver while nothing happens. */
async function idleFigure(world: World, idleMs: number): Promise<Figure> {
  const nameserver = await countingNameserver(world.bind.primary);
  try {
    const application = await Application.start({
      pool: 'following',
      writing: 'autocommit',
      host: world.name,
      port: world.cluster.port,
      password: world.cluster.accounts.web,
      nameservers: [nameserver.server],
      writers: 1,
      connections: 1,
    });
    const before = nameserver.questions;
    await delay(idleMs);
    const value = (1000 * (nameserver.questions - before)) / idleMs;
    await application.stop(exitMs);
    return { what: 'questions to a nameserver: at rest', value, unit: 'per second', target: { atMost: 1.1 } };
  } finally {
    nameserver.close();
  }
}
