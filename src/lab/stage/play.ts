/** Plays a scenario step by step. Every step says whether it held. */

import { until } from '../host/until.ts';
import type { MoveTimes } from './move-times.ts';
import type { Narrator } from './narrator.ts';
import type { Scenario, Step, Verdict } from './scenario.ts';
import { Scene } from './scene.ts';
import type { Stage } from './stage.ts';

/** The result of a scenario. */
export interface Outcome {
  readonly moves: readonly MoveTimes[];
  readonly acknowledgedWrites: number;
  readonly lostWrites: number;
  readonly held: boolean;
}

const letterOf = (index: number): string => String.fromCharCode('a'.charCodeAt(0) + index);

/** The letter after the steps of a scenario, its opening and its summary. */
export const letterAfter = ({ steps }: Scenario): string => letterOf(steps.length + 2);

/** Before each step it awaits `enter`. Rejects with a LabError if a step cannot even be tried. */
export async function play(
  scenario: Scenario,
  stage: Stage,
  narrator: Narrator,
  enter?: () => Promise<void>,
): Promise<Outcome> {
  const scene = new Scene(stage, narrator);
  const verdicts: boolean[] = [];
  let lostWrites = 0;
  const summary: Step = {
    title: 'Summary',
    play: async () => {
      await stage.web.stop();
      lostWrites = await countLost(scene, scenario.leftOut);
      return judgeLost(scenario, stage, lostWrites);
    },
  };
  for (const [index, step] of [opening(stage), ...scenario.steps, summary].entries()) {
    const letter = letterOf(index);
    if (enter !== undefined) {
      narrator.pause(letter, step.title);
      await enter();
    }
    narrator.step(letter, step.title);
    const { held, text } = await step.play(scene);
    verdicts.push(held);
    narrator.held(letter, held, text);
  }
  const { decision, ledger } = await stage.daemon.snapshot();
  const { primary, secondary, web } = stage;
  narrator.say(
    `${primary.current} on the primary, ${secondary.current} on the secondary; ledger epoch ${ledger?.epoch}; ${decision.sentence}`,
  );
  return {
    moves: scene.moves,
    acknowledgedWrites: web.acknowledged.length,
    lostWrites,
    held: verdicts.every(Boolean),
  };
}

/** The first step: the name answers with the first server, and the web application starts to write. */
function opening({ cluster, name, web }: Stage): Step {
  const [source] = cluster.all;
  return {
    title: `The name answers with ${source.name}`,
    play: async (scene) => {
      await scene.answers(source);
      scene.narrator.say(`${name} is ${source.mysqld.address} on both nameservers`);
      await web.createTable();
      web.start();
      await scene.writes();
      return {
        held: true,
        text: `the web application writes through ${name}: ${web.acknowledged.length} rows so far`,
      };
    },
  };
}

/** Counts the acknowledged rows that the source or a replica (after it has caught up) does not have. */
async function countLost(scene: Scene, leftOut: readonly string[] = []): Promise<number> {
  const source = scene.published;
  const rowsOf = async ({ mysqld }: typeof source) =>
    Number((await mysqld.sql('SELECT COUNT(*) AS n FROM shop.orders'))[0]?.['n']);
  const everything = await rowsOf(source);
  const lost = new Set<number>();
  for (const server of scene.all) {
    if (leftOut.includes(server.name)) continue;
    await until(
      `${server.name} to have the ${everything} rows of ${source.name}`,
      async () => (await rowsOf(server)) >= everything,
    );
    for (const number of await scene.lacking(server)) lost.add(number);
  }
  return lost.size;
}

function judgeLost({ mayLose }: Scenario, { web }: Stage, lostWrites: number): Verdict {
  const { acknowledged, failures } = web;
  return {
    held: mayLose === true || lostWrites === 0,
    text: `${acknowledged.length} writes acknowledged, ${lostWrites} of them lost${mayLose ? ' (asynchronous replication may lose them)' : ''}; ${failures} attempts failed and were never acknowledged`,
  };
}
