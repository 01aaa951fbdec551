/** The arguments of the command line: a command, a text for the terminal, or a usage error. Pure. */

import { parseArgs } from 'node:util';
import { parseHostPort } from '../config/server-address.ts';
import { didYouMean } from '../suggest.ts';
import {
  type CommandName,
  commandHelp,
  commandNames,
  commands,
  generalHelp,
  type OptionName,
  optionNames,
} from './command-table.ts';

export type Command =
  | { readonly name: 'run' }
  | { readonly name: 'status'; readonly cluster?: string; readonly watch: boolean }
  | { readonly name: 'explain'; readonly cluster: string }
  | {
      readonly name: 'follow';
      readonly cluster: string;
      /** As typed: without a port, the servers of the cluster decide which one is meant. */
      readonly server: string;
      readonly force: boolean;
      readonly althoughReadOnly?: true;
      readonly dryRun: boolean;
      readonly reason?: string;
    }
  | { readonly name: 'freeze'; readonly cluster: string; readonly reason?: string }
  | { readonly name: 'thaw'; readonly cluster: string }
  | { readonly name: 'forget'; readonly cluster: string; readonly server: string }
  | { readonly name: 'history'; readonly cluster?: string }
  | { readonly name: 'schema' }
  /** The scenario as typed: only the lab knows its names. */
  | {
      readonly name: 'lab';
      readonly scenario?: string;
      readonly list: boolean;
      readonly once: boolean;
      readonly keep: boolean;
    };

export type ParsedArguments =
  | { readonly kind: 'command'; readonly command: Command; readonly config?: string; readonly json: boolean }
  /** For standard output, exit 0. */
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'version' }
  /** For standard error, exit 2. */
  | { readonly kind: 'usage'; readonly text: string };

/** Planned commands: this answer is kinder than "unknown". */
const notYet: readonly string[] = ['check', 'hook', 'advise', 'init'];

/** The ledger keeps `frozen=<by>: <reason>` in one character-string of 255 bytes. */
const longestReasonBytes = 150;

const options = {
  config: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'V' },
  watch: { type: 'boolean' },
  force: { type: 'boolean' },
  'although-read-only': { type: 'boolean' },
  'dry-run': { type: 'boolean' },
  reason: { type: 'string' },
  scenario: { type: 'string' },
  list: { type: 'boolean' },
  once: { type: 'boolean' },
  keep: { type: 'boolean' },
} as const satisfies Record<OptionName, { type: 'string' | 'boolean'; short?: string }>;

interface Given {
  readonly flags: ReadonlySet<OptionName>;
  readonly values: ReadonlyMap<OptionName, string>;
  readonly words: readonly string[];
  readonly problem?: string;
}

const usage = (problem: string, command?: CommandName): ParsedArguments => ({
  kind: 'usage',
  text: `source-dns: ${problem}\nSee: source-dns ${command === undefined ? '' : `${command} `}--help`,
});

/** `argv` is without node and the script. */
export function parseArguments(argv: readonly string[]): ParsedArguments {
  const given = readTokens(argv);
  const [first, ...words] = given.words;
  const wantsHelp = given.flags.has('help') || first === 'help';
  const named = first === 'help' ? words[0] : first;
  const name = commandNames.find((known) => known === named);
  if (wantsHelp && given.problem === undefined && (named === undefined || name !== undefined)) {
    return { kind: 'help', text: name === undefined ? generalHelp() : commandHelp(name) };
  }
  if (given.problem !== undefined) return usage(given.problem, name);
  if (given.flags.has('version')) return { kind: 'version' };
  if (named === undefined) return { kind: 'usage', text: generalHelp() };
  if (name === undefined) {
    if (notYet.includes(named)) return usage(`the command "${named}" is not in this version yet`);
    return usage(`there is no command "${named}"${didYouMean(named, commandNames)}`);
  }
  const problem = misfit(name, given, words);
  if (problem !== undefined) return usage(problem, name);
  const command = build(name, given, words);
  if (typeof command === 'string') return usage(command, name);
  const config = given.values.get('config');
  return { kind: 'command', command, ...(config !== undefined && { config }), json: given.flags.has('json') };
}

function readTokens(argv: readonly string[]): Given {
  const flags = new Set<OptionName>();
  const values = new Map<OptionName, string>();
  const words: string[] = [];
  const problems: string[] = [];
  // Not strict: its messages are for programmers, and without "did you mean".
  const { tokens } = parseArgs({
    args: [...argv],
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  for (const token of tokens) {
    if (token.kind === 'positional') words.push(token.value);
    if (token.kind !== 'option') continue;
    const name = optionNames.find((known) => known === token.name);
    const problem =
      name === undefined ? unknownOption(token.rawName) : optionProblem(name, token, values.has(name));
    if (problem !== undefined) problems.push(problem);
    else if (name !== undefined && token.value === undefined) flags.add(name);
    else if (name !== undefined && token.value !== undefined) values.set(name, token.value);
  }
  const [problem] = problems;
  return { flags, values, words, ...(problem !== undefined && { problem }) };
}

function unknownOption(rawName: string): string {
  const known = optionNames.map((name) => `--${name}`);
  return `there is no option ${rawName}${didYouMean(rawName, known)}`;
}

interface OptionToken {
  readonly value: string | undefined;
  readonly inlineValue: boolean | undefined;
}

function optionProblem(
  name: OptionName,
  { value, inlineValue }: OptionToken,
  twice: boolean,
): string | undefined {
  if (options[name].type === 'boolean') return value === undefined ? undefined : `--${name} takes no value`;
  if (value === undefined || value === '') return `--${name} needs a value`;
  // `--reason --dry-run`: probably a forgotten value.
  if (inlineValue === false && value.startsWith('-'))
    return `--${name} needs a value; if the value begins with "-", write --${name}=${value}`;
  return twice ? `--${name} is given twice` : undefined;
}

/** Why these words and options do not fit the command, or undefined. */
function misfit(name: CommandName, given: Given, words: readonly string[]): string | undefined {
  const { operands, options: own } = commands[name];
  const allowed = new Set<OptionName>(['config', 'json', ...own.map((option) => option.name)]);
  const stray = [...given.flags, ...given.values.keys()].find((option) => !allowed.has(option));
  if (stray !== undefined) return `"${name}" does not take --${stray}`;
  const missing = operands.find((operand, index) => operand.required && words[index] === undefined);
  if (missing !== undefined) return `"${name}" needs a ${missing.name}`;
  const surplus = words[operands.length];
  return surplus === undefined ? undefined : `"${name}" does not take "${surplus}"`;
}

/** The command, or the error in its arguments. */
function build(name: CommandName, given: Given, words: readonly string[]): Command | string {
  const [cluster = '', server = ''] = words;
  const reason = given.values.get('reason');
  const wrongReason = reason === undefined ? undefined : reasonProblem(reason);
  if (wrongReason !== undefined) return wrongReason;
  const why = reason === undefined ? {} : { reason };
  const maybeCluster = words[0] === undefined ? {} : { cluster };
  switch (name) {
    case 'run':
    case 'schema':
      return { name };
    case 'status':
      return { name, ...maybeCluster, watch: given.flags.has('watch') };
    case 'history':
      return { name, ...maybeCluster };
    case 'explain':
    case 'thaw':
      return { name, cluster };
    case 'freeze':
      return { name, cluster, ...why };
    case 'forget':
      return serverProblem(server) ?? { name, cluster, server };
    case 'follow': {
      const wrong = serverProblem(server);
      if (wrong !== undefined) return wrong;
      const [force, althoughReadOnly] = [given.flags.has('force'), given.flags.has('although-read-only')];
      if (althoughReadOnly && !force) return '--although-read-only needs --force: alone it does nothing';
      const although = althoughReadOnly ? ({ althoughReadOnly } as const) : {};
      return { name, cluster, server, force, ...although, dryRun: given.flags.has('dry-run'), ...why };
    }
    case 'lab': {
      const scenario = given.values.get('scenario');
      const [list, once, keep] = [given.flags.has('list'), given.flags.has('once'), given.flags.has('keep')];
      return { name, ...(scenario !== undefined && { scenario }), list, once, keep };
    }
  }
}

function serverProblem(server: string): string | undefined {
  const address = parseHostPort(server, 3306);
  return address.kind === 'wrong' ? address.problem.replaceAll('{value}', `"${server}"`) : undefined;
}

function reasonProblem(reason: string): string | undefined {
  if (/\p{Cc}/u.test(reason)) return 'the reason must be one line, without control characters';
  const bytes = new TextEncoder().encode(reason).length;
  return bytes > longestReasonBytes
    ? `the reason is too long: ${bytes} bytes, at most ${longestReasonBytes} fit into the ledger`
    : undefined;
}
