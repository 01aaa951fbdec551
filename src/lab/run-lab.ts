import { LabError } from './lab-error.ts';
import type { MoveTimes } from './move-times.ts';
import { createNarrator, type Narrator } from './narrator.ts';
import { onStage, type Stage } from './stage.ts';
import { type Outcome, playStory } from './story.ts';

/** How `source-dns lab` was called. */
export interface LabOptions {
  /** End after the summary. */
  readonly once: boolean;
  /** One JSON object a line. */
  readonly json: boolean;
  /** Leave the folder with all logs and data. */
  readonly keep: boolean;
  /** source-dns itself, to be started as the daemon: node and the entry file. */
  readonly program: readonly string[];
  readonly colours: boolean;
  write(text: string): void;
  /** Ends this process at once; its children end with it. */
  abort(): void;
  /** Calls back whenever the user wants it to end; the returned function stops listening. */
  onInterrupt(listener: () => void): () => void;
}

/** The manual's failover, live. Resolves with the exit code: 0 only if every step held. */
export async function runLab(options: LabOptions): Promise<number> {
  const narrator = createNarrator(options);
  let interrupted: () => void = () => undefined;
  const interruption = new Promise<'interrupted'>((resolve) => {
    interrupted = () => resolve('interrupted');
  });
  let interrupts = 0;
  const stopListening = options.onInterrupt(() => {
    interrupts++;
    if (interrupts > 1) options.abort();
    narrator.say('interrupted: ending what runs (once more: at once)');
    interrupted();
  });
  let outcome: Outcome | undefined;
  try {
    await onStage({ program: options.program, keep: options.keep, narrator }, async (stage) => {
      const result = await Promise.race([playStory(stage, narrator), interruption]);
      if (result === 'interrupted') return;
      outcome = result;
      summary(narrator, result);
      if (options.once) return;
      lookAround(narrator, stage, options.program);
      await interruption;
    });
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    narrator.say(`${error.message}\n          ${error.hint}`);
    narrator.event('error', { message: error.message, hint: error.hint });
  } finally {
    stopListening();
  }
  summaryEvent(narrator, outcome);
  return outcome?.held ? 0 : 1;
}

function summary(narrator: Narrator, outcome: Outcome): void {
  narrator.show(table(outcome.moves));
  narrator.say(
    `writes acknowledged: ${outcome.acknowledgedWrites}; acknowledged writes lost: ${outcome.lostWrites}; every step held: ${outcome.held ? 'yes' : 'NO'}`,
  );
}

/** The last line for programs, whatever happened before it. */
function summaryEvent(narrator: Narrator, outcome: Outcome | undefined): void {
  const { moves, acknowledgedWrites, lostWrites, held } = outcome ?? { moves: [], acknowledgedWrites: 0, lostWrites: 0, held: false };
  narrator.event('summary', { moves, acknowledgedWrites, lostWrites, held });
}

function table(moves: readonly MoveTimes[]): string {
  const head = ['move', 'reason', 'seen', 'decided', 'applied', 'answered', 'propagated'];
  const rows = moves.map((move) => [
    `${move.from} -> ${move.to}`,
    move.reason,
    ...[move.seenMs, move.decidedMs, move.appliedMs, move.promotedToAnswerMs, move.propagatedMs].map((ms) => `${ms} ms`),
  ]);
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => (row[column] ?? '').length)));
  return [head, ...rows]
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function lookAround(narrator: Narrator, { bind, config, programs, name, cluster, folder }: Stage, program: readonly string[]): void {
  const self = `${program.join(' ')} --config ${config.file}`;
  const dig = `${programs.dig} @${bind.primary.address} -p ${bind.primary.port}`;
  narrator.step('i', 'It all still runs. Look around; Ctrl-C ends it');
  narrator.show(
    [
      `${dig} +short ${name}`,
      `${dig} +short TXT _source-dns.${name}`,
      `${dig} +short replicas.shop.${bind.zone}`,
      `${self} status`,
      `${self} explain shop`,
      `${self} history shop`,
      `${self} follow shop ${cluster.replicas[1].server} --dry-run`,
      `${self} freeze shop --reason "trying it"`,
      `kill -9 ${cluster.source.mysqld.pid}   # Source again; then promote a replica over its socket, and watch: status --watch`,
      `ls ${folder}   # logs, data, configuration`,
    ].join('\n'),
  );
}
