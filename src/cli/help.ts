/** The texts of `--help`, made of the commands' forms. Pure. */

import type { OptionForm } from './command-form.ts';
import { type CommandName, commandNames, formOf } from './command-table.ts';

interface GlobalOption extends OptionForm {
  readonly short?: string;
}

/** The options that stand before or after any command. */
export const globalOptions: readonly GlobalOption[] = [
  { name: 'config', value: 'FILE', text: 'The configuration file' },
  { name: 'json', text: 'Print JSON: one object, or one object per line' },
  { name: 'help', short: 'h', text: 'Print this text, or the help of a command' },
  { name: 'version', short: 'V', text: 'Print the version' },
];

/** What the exit codes mean in general. */
export const exitsOfAll: Readonly<Record<number, string>> = {
  0: 'done, or nothing to do',
  1: 'failed',
  2: 'wrong usage or configuration',
  3: 'held: refused as unsafe, with the reason',
  4: 'a server or nameserver could not be reached',
  5: 'lost the race: another instance moved the name meanwhile',
};

/** `follow CLUSTER SERVER`. */
export const usageLine = (name: CommandName): string => {
  const { operands, passesRest } = formOf(name);
  const words = operands.map((operand) => (operand.required ? operand.name : `[${operand.name}]`));
  return [name, ...words, ...(passesRest ? ['...'] : [])].join(' ');
};

/** `-h, --help` or `--reason TEXT`. */
export const optionText = ({ name, value, short }: GlobalOption): string =>
  `${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`;

function table(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join('\n');
}

/** `source-dns --help`. */
export function generalHelp(): string {
  return [
    'source-dns: one DNS name that always answers with the MySQL source',
    '',
    'Usage: source-dns [--config FILE] [--json] COMMAND',
    '',
    'Commands:',
    table(commandNames.map((name) => [usageLine(name), formOf(name).summary])),
    '',
    'Options:',
    table(globalOptions.map((option) => [optionText(option), option.text])),
    '',
    'The configuration is FILE, else $SOURCE_DNS_CONFIG, else ./source-dns.yaml, else',
    '/etc/source-dns/source-dns.yaml.',
    '',
    'Exit codes (each command uses some of them; its own help says which):',
    table(Object.entries(exitsOfAll)),
    '',
    'More about one command: source-dns COMMAND --help',
  ].join('\n');
}

/** `source-dns COMMAND --help`. */
export function commandHelp(name: CommandName): string {
  const { options, summary, details, examples, exits, needsNoConfiguration } = formOf(name);
  const shared = globalOptions
    .slice(0, 3)
    .filter((option) => !(needsNoConfiguration && option.name === 'config'));
  return [
    `source-dns ${name}: ${summary}`,
    '',
    `Usage: source-dns ${usageLine(name)}${options.length === 0 ? '' : ' [OPTION...]'}`,
    '',
    ...details,
    '',
    'Options:',
    table([...options, ...shared].map((option) => [optionText(option), option.text])),
    '',
    examples.length === 1 ? 'Example:' : 'Examples:',
    ...examples.flatMap(([line, text]) => [`  ${text}:`, `    source-dns ${line}`]),
    '',
    'Exit codes:',
    table(Object.entries(exits)),
  ].join('\n');
}
