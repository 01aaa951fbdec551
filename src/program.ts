/** The composition root: arguments, command, exit code. Each command is loaded when it is performed. */

import { getServers } from 'node:dns';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArguments } from './cli/args.ts';
import type { Command, CommandArguments, CommandName } from './cli/command-table.ts';
import type { LabArguments } from './cli/commands/lab.ts';
import { complainOfUsage } from './cli/complain.ts';
import type { CommandContext } from './cli/context.ts';
import { drained, openTerminal, operatorName } from './cli/terminal.ts';
import { systemClock, systemRandom } from './daemon/clock.ts';
import { takeSupervisor } from './daemon/supervisor.ts';

const terminal = openTerminal(process);

/** The lab starts this program as its daemon. */
async function lab(context: CommandContext, { scenario, step, ...args }: LabArguments): Promise<number> {
  const [{ labCommand }, { pressesOf }] = await Promise.all([
    import('./lab/lab-command.ts'),
    import('./lab/host/presses.ts'),
  ]);
  return labCommand({
    ...args,
    ...(scenario !== undefined && { scenario }),
    ...(step && { enter: pressesOf(process.stdin) }),
    json: context.json,
    program: [process.execPath, fileURLToPath(new URL('main.js', import.meta.url))],
    colours: terminal.colours,
    write: terminal.out,
    writeError: terminal.err,
    abort: () => context.exit(130),
    onInterrupt(listener) {
      const stops = [context.onSignal('SIGINT', listener), context.onSignal('SIGTERM', listener)];
      return () => {
        for (const stop of stops) stop();
      };
    },
  });
}

const version = (): string =>
  (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string })
    .version;

type Performers = {
  readonly [Name in CommandName]: (
    context: CommandContext,
    args: CommandArguments[Name],
  ) => Promise<number> | number;
};

/** Each command loads its own part of the program when it is performed: most need little of it. */
const performers: Performers = {
  run: async (context) => (await import('./cli/run.ts')).run(context),
  status: async (context, args) => (await import('./cli/status.ts')).status(context, args),
  explain: async (context, args) => (await import('./cli/explain.ts')).explain(context, args),
  advise: async (context, args) => (await import('./cli/advise.ts')).advise(context, args),
  async check(context, args) {
    const [{ check }, { inspectors }] = await Promise.all([
      import('./cli/check.ts'),
      import('./adapters.ts'),
    ]);
    return check(context, args, inspectors, {
      env: process.env,
      nodeVersion: process.versions.node,
      resolvers: getServers(),
      unixSockets: () => readFile('/proc/net/unix', 'utf8').catch(() => ''),
    });
  },
  follow: async (context, args) => (await import('./cli/follow.ts')).follow(context, args),
  freeze: async (context, args) => (await import('./cli/freeze.ts')).freeze(context, args),
  thaw: async (context, args) => (await import('./cli/thaw.ts')).thaw(context, args),
  forget: async (context, args) => (await import('./cli/forget.ts')).forget(context, args),
  history: async (context, args) => (await import('./cli/history.ts')).history(context, args),
  hook: async (context, args) => (await import('./cli/hook.ts')).hook(context, args),
  async init(context, args) {
    const [{ init }, { initTools }] = await Promise.all([
      import('./cli/init/init.ts'),
      import('./cli/init/init-tools.ts'),
    ]);
    return init(context, args, initTools(process));
  },
  schema: async (context, args) => (await import('./cli/schema.ts')).schema(context, args),
  completion: async (context, args) =>
    (await import('./cli/completion/completion.ts')).completion(context, args),
  lab,
};

const perform = <Name extends CommandName>(command: Command<Name>, context: CommandContext) =>
  performers[command.name](context, command);

function main(argv: readonly string[]): Promise<number> | number {
  const parsed = parseArguments(argv);
  switch (parsed.kind) {
    case 'help':
      terminal.out(`${parsed.text}\n`);
      return 0;
    case 'version':
      terminal.out(`${version()}\n`);
      return 0;
    case 'usage':
      complainOfUsage({ terminal, json: argv.includes('--json') }, parsed.text);
      return 2;
    case 'command':
      // For a person who looks for the daemon in `ps`: `node` says nothing. No other argument is shown: one
      // may be a password.
      process.title = ['source-dns', parsed.command.name, ...configOf(parsed)].join(' ');
      return perform(parsed.command, {
        terminal,
        json: parsed.json,
        load: async (file) => (await import('./config/load.ts')).loadConfig(file ?? parsed.config),
        outline: async (file) => (await import('./config/load.ts')).loadOutline(file ?? parsed.config),
        version: version(),
        pid: process.pid,
        loadMaker: async () => (await import('./adapters.ts')).maker,
        clock: systemClock,
        random: systemRandom,
        supervisor: takeSupervisor(process.env, process.pid),
        operator: operatorName(),
        onSignal(signal, listener) {
          process.on(signal, listener);
          return () => process.off(signal, listener);
        },
        exit: (code) => process.exit(code),
      });
  }
}

/** Several daemons of a host differ in it. */
const configOf = ({ config }: { readonly config?: string }): readonly string[] =>
  config === undefined ? [] : ['--config', config];

/** The daemon waits only so long for readers: a log collector may be stuck. A command waits for `less`. */
const daemonPatienceMs = 100;

// A bug ends the process with Node's own report and exit code 1: no half-done work goes on.
const code = await main(process.argv.slice(2));
const patienceMs = process.argv.includes('run') ? daemonPatienceMs : undefined;
await Promise.all([process.stdout, process.stderr].map((stream) => drained(stream, patienceMs)));
process.exit(code === 0 && terminal.failed() ? 1 : code);
