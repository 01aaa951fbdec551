/** Plays one scenario of the lab, live. */

import { LabError } from './host/lab-error.ts';
import { inOwnNetwork, runInOwnNetwork } from './host/own-network.ts';
import { type BindPrograms, provideBind } from './programs/bind-programs.ts';
import { type Product, provideProduct } from './servers/products.ts';
import type { MoveTimes } from './stage/move-times.ts';
import { createNarrator, type Narrator } from './stage/narrator.ts';
import { letterAfter, type Outcome, play } from './stage/play.ts';
import type { Scenario } from './stage/scenario.ts';
import { onStage, type Stage } from './stage/stage.ts';

/** The arguments of `source-dns lab`. */
export interface LabOptions {
  readonly scenario: Scenario;
  /** Played if the product of the scenario is not available; absent: the lab then fails. */
  readonly fallback?: Scenario;
  /** End after the summary. */
  readonly once: boolean;
  /** One JSON object per line. */
  readonly json: boolean;
  /** Resolves when the user presses Enter, once a call: before each step. Absent: there is no pause. */
  readonly enter?: (() => Promise<void>) | undefined;
  /** Keep the folder with all logs and data. */
  readonly keep: boolean;
  /** The web application has mysql2's pool as it is. */
  readonly defaultPool: boolean;
  /** source-dns itself, to start as the daemon: node and the entry file. */
  readonly program: readonly string[];
  readonly colours: boolean;
  write(text: string): void;
  /** Ends this process at once; its child processes end with it. */
  abort(): void;
  /** Calls `listener` whenever the user asks to end; the returned function stops this. */
  onInterrupt(listener: () => void): () => void;
}

/** Resolves with the exit code: 0 only if every step held. */
export async function runLab(options: LabOptions): Promise<number> {
  const narrator = createNarrator(options);
  const elsewhere = options.scenario.network === true && !inOwnNetwork();
  let outcome: Outcome | undefined;
  try {
    if (elsewhere) return await inNetwork(options);
    outcome = await playOnStage(options, narrator);
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    narrator.say(`${error.message}\n          ${error.hint}`);
    narrator.event('error', { message: error.message, hint: error.hint });
  }
  summaryEvent(narrator, outcome);
  return outcome?.held ? 0 : 1;
}

function inNetwork(options: LabOptions): Promise<number> {
  const { program, scenario, enter, onInterrupt } = options;
  const flags = (['once', 'json', 'keep'] as const).flatMap((flag) => (options[flag] ? [`--${flag}`] : []));
  if (options.defaultPool) flags.push('--default-pool');
  if (enter !== undefined) flags.push('--step');
  return runInOwnNetwork([...program, 'lab', '--scenario', scenario.name, ...flags], onInterrupt);
}

/** Undefined if the user ended it early. */
async function playOnStage(options: LabOptions, narrator: Narrator): Promise<Outcome | undefined> {
  let interrupted: () => void = () => undefined;
  const interruption = new Promise<'interrupted'>((resolve) => {
    interrupted = () => resolve('interrupted');
  });
  let interrupts = 0;
  const stopListening = options.onInterrupt(() => {
    interrupts++;
    if (interrupts > 1) options.abort();
    narrator.say('interrupted: stopping everything (interrupt again to end at once)');
    interrupted();
  });
  let outcome: Outcome | undefined;
  try {
    const { program, keep, defaultPool } = options;
    const provided = await Promise.race([provide(options, narrator), interruption]);
    if (provided === 'interrupted') return undefined;
    const { scenario, product, bind } = provided;
    await onStage(
      { setting: scenario, product, bind, program, keep, defaultPool, narrator },
      async (stage) => {
        const result = await Promise.race([play(scenario, stage, narrator, options.enter), interruption]);
        if (result === 'interrupted') return;
        outcome = result;
        summary(narrator, result);
        if (options.once) return;
        lookAround(narrator, scenario, stage, program);
        await interruption;
      },
    );
  } finally {
    stopListening();
  }
  return outcome;
}

/** The programs of the scenario; with a notice, those of its fallback. */
async function provide(
  { scenario, fallback }: LabOptions,
  narrator: Narrator,
): Promise<{ scenario: Scenario; product: Product; bind: BindPrograms }> {
  const productOf = async (wanted: Scenario) => ({
    scenario: wanted,
    product: await provideProduct(wanted.servers.product, wanted.servers.plugins ?? [], narrator.say),
  });
  const withFallback = () =>
    productOf(scenario).catch(async (error: unknown) => {
      if (fallback === undefined || !(error instanceof LabError)) throw error;
      const notice = `${scenario.servers.product} is not available here (${error.message.trimEnd()}): playing the scenario ${fallback.name} with ${fallback.servers.product} instead`;
      narrator.say(notice);
      narrator.event('fallback', {
        scenario: fallback.name,
        product: fallback.servers.product,
        because: error.message,
      });
      return await productOf(fallback);
    });
  const [chosen, bind] = await Promise.all([withFallback(), provideBind(narrator.say)]);
  const { family, version, origin } = chosen.product;
  narrator.say(`${family} ${version} (${origin}), BIND ${bind.version} (${bind.origin})`);
  return { ...chosen, bind };
}

function summary(narrator: Narrator, outcome: Outcome): void {
  narrator.show(table(outcome.moves));
  narrator.say(
    `writes acknowledged: ${outcome.acknowledgedWrites}; acknowledged writes lost: ${outcome.lostWrites}; every step as expected: ${outcome.held ? 'yes' : 'NO'}`,
  );
}

/** The last line for programs, in every case. */
function summaryEvent(narrator: Narrator, outcome: Outcome | undefined): void {
  const { moves, acknowledgedWrites, lostWrites, held } = outcome ?? {
    moves: [],
    acknowledgedWrites: 0,
    lostWrites: 0,
    held: false,
  };
  narrator.event('summary', { moves, acknowledgedWrites, lostWrites, held });
}

const timesIn = (move: MoveTimes): readonly number[] => [
  move.seenMs,
  move.decidedMs,
  move.appliedMs,
  move.promotedToAnswerMs,
  move.propagatedMs,
  move.writtenMs,
];

function table(moves: readonly MoveTimes[]): string {
  const head = [
    'move',
    'reason',
    'seen',
    'decided',
    'applied',
    'answered',
    'propagated',
    'written',
    'failed',
  ];
  const rows = moves.map((move) => [
    `${move.from} -> ${move.to}`,
    move.reason,
    ...timesIn(move).map((ms) => `${ms} ms`),
    `${move.failedWrites}`,
  ]);
  const widths = head.map((_, column) =>
    Math.max(...[head, ...rows].map((row) => (row[column] ?? '').length)),
  );
  return [head, ...rows]
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** As the lab's own DBA does it. */
const promotionOf = (replica: string, socket: string): string =>
  `mysql --user=root --socket=${socket} --execute="STOP REPLICA; RESET REPLICA ALL; SET GLOBAL read_only = OFF"   # promotes ${replica}; needs a client, mysql or mariadb`;

function lookAround(
  narrator: Narrator,
  scenario: Scenario,
  { bind, config, programs, name, cluster, folder, primary, network }: Stage,
  program: readonly string[],
): void {
  const self = `${program.join(' ')} --config ${config.file}`;
  const dig = `${programs.dig} @${bind.primary.address} -p ${bind.primary.port}`;
  const source = cluster.all.find(({ mysqld }) => mysqld.address === primary.current) ?? cluster.all[0];
  const others = cluster.all.filter((each) => each !== source);
  narrator.step(letterAfter(scenario), 'Everything still runs. Look around; Ctrl-C ends it');
  narrator.show(
    [
      ...(network === undefined
        ? []
        : [`${network.enter.join(' ')} sh   # first: the lab is in a network of its own`]),
      `${dig} +short ${name}`,
      `${dig} +short TXT _source-dns.${name}`,
      `${dig} +short replicas.shop.${bind.zone}`,
      `${self} status`,
      `${self} explain shop`,
      `${self} history shop`,
      `${self} follow shop ${(others[1] ?? source).server} --dry-run   # held, exit code 3: it takes no writes`,
      `${self} freeze shop --reason "trying it"`,
      `${self} status --watch   # in a second terminal`,
      `${config.page}   # the same in a browser${network === undefined ? '' : ', in the same network'}`,
      `cat ${config.tokenFile}   # the token for the buttons of that page`,
      `${config.page}metrics   # for Prometheus`,
      `kill -9 ${source.mysqld.pid}   # ${source.name} again`,
      ...(scenario.servers.elects
        ? ['# the group elects']
        : others.slice(0, 1).map(({ name: replica, mysqld }) => promotionOf(replica, mysqld.socketPath))),
      `ls ${folder}   # logs, data, configuration`,
    ].join('\n'),
  );
}
