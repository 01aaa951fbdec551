/** The arguments of the command line: a command, a text for the terminal, or a usage error. Pure. */

import { parseArgs } from 'node:util';
import { didYouMean } from '../suggest.ts';
import type { CommandForm, Given, OptionForm } from './command-form.ts';
import { type Command, type CommandName, commandNames, formOf } from './command-table.ts';
import { commandHelp, generalHelp, globalOptions } from './help.ts';

export type ParsedArguments =
  | { readonly kind: 'command'; readonly command: Command; readonly config?: string; readonly json: boolean }
  /** For standard output, exit 0. */
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'version' }
  /** For standard error, exit 2. */
  | { readonly kind: 'usage'; readonly text: string };

const everyOption: readonly OptionForm[] = [
  ...globalOptions,
  ...commandNames.flatMap((name) => formOf(name).options),
];

/** For Node's parser: an option has a value in every command, or in none. */
const tokenOptions = Object.fromEntries([
  ...everyOption.map(({ name, value }) => [name, { type: value === undefined ? 'boolean' : 'string' }]),
  ...globalOptions.map(({ name, short, value }) => [
    name,
    { type: value === undefined ? 'boolean' : 'string', ...(short !== undefined && { short }) },
  ]),
]) as Readonly<Record<string, { type: 'string' | 'boolean'; short?: string }>>;

type Token =
  | { readonly kind: 'word'; readonly text: string; readonly index: number }
  | {
      readonly kind: 'option';
      readonly name: string;
      /** As typed, with its dashes. */
      readonly raw: string;
      readonly value: string | undefined;
      /** `--name=value`. */
      readonly inline: boolean;
    };

const usage = (problem: string, command?: CommandName): ParsedArguments => ({
  kind: 'usage',
  text: `source-dns: ${problem}\nSee: source-dns ${command === undefined ? '' : `${command} `}--help`,
});

/** `argv` is without node and the script. */
export function parseArguments(argv: readonly string[]): ParsedArguments {
  const all = tokensOf(argv);
  const [first, second] = wordsOf(all);
  const named = first === 'help' ? second : first;
  const name = commandNames.find((known) => known === named);
  const form = name === undefined ? undefined : formOf(name);
  const { tokens, rest } = form?.passesRest ? cut(argv, all, form) : { tokens: all, rest: [] };
  const problem = firstProblem(tokens, form);
  if (
    problem === undefined &&
    (first === 'help' || isGiven(tokens, 'help')) &&
    (named === undefined || name !== undefined)
  )
    return { kind: 'help', text: name === undefined ? generalHelp() : commandHelp(name) };
  if (problem !== undefined) return usage(problem, name);
  if (isGiven(tokens, 'version')) return { kind: 'version' };
  if (named === undefined) return { kind: 'usage', text: generalHelp() };
  return name === undefined || form === undefined
    ? unknownCommand(named)
    : commandOf(name, form, tokens, rest);
}

const wordsOf = (tokens: readonly Token[]): readonly string[] =>
  tokens.flatMap((token) => (token.kind === 'word' ? [token.text] : []));

const isGiven = (tokens: readonly Token[], option: string): boolean =>
  tokens.some((token) => token.kind === 'option' && token.name === option);

const unknownCommand = (named: string): ParsedArguments =>
  usage(`there is no command "${named}"${didYouMean(named, [...commandNames, 'help'])}`);

function commandOf(
  name: CommandName,
  form: CommandForm<unknown>,
  tokens: readonly Token[],
  rest: readonly string[],
): ParsedArguments {
  const given = givenBy(tokens, rest);
  const wrong = misfit(name, form, given, tokens);
  if (wrong !== undefined) return usage(wrong, name);
  const args = form.build(given);
  if (typeof args === 'string') return usage(args, name);
  const config = given.value('config');
  return {
    kind: 'command',
    command: { name, ...(args as object) } as Command,
    ...(config !== undefined && { config }),
    json: given.has('json'),
  };
}

function tokensOf(argv: readonly string[]): readonly Token[] {
  // Not strict: its messages are for programmers, and without "did you mean".
  const { tokens } = parseArgs({
    args: [...argv],
    options: tokenOptions,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  return tokens.flatMap((token): readonly Token[] => {
    if (token.kind === 'positional') return [{ kind: 'word', text: token.value, index: token.index }];
    if (token.kind !== 'option') return [];
    const { name, rawName: raw, value, inlineValue } = token;
    return [{ kind: 'option', name, raw, value, inline: inlineValue === true }];
  });
}

/** Splits after the last operand: the rest is not ours to read. */
function cut(
  argv: readonly string[],
  tokens: readonly Token[],
  { operands }: CommandForm<unknown>,
): { readonly tokens: readonly Token[]; readonly rest: readonly string[] } {
  const last = tokens.filter((token) => token.kind === 'word')[operands.length];
  if (last === undefined) return { tokens, rest: [] };
  return { tokens: tokens.slice(0, tokens.indexOf(last) + 1), rest: argv.slice(last.index + 1) };
}

function firstProblem(tokens: readonly Token[], form: CommandForm<unknown> | undefined): string | undefined {
  const seen = new Set<string>();
  const suggested = form === undefined ? everyOption : [...globalOptions, ...form.options];
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    const { name, raw } = token;
    // An option of another command is found later, by its name.
    if (!Object.hasOwn(tokenOptions, name))
      return `there is no option ${raw}${didYouMean(
        raw,
        suggested.map((option) => `--${option.name}`),
      )}`;
    const isRepeatable = form?.options.some((option) => option.name === name && option.repeatable);
    const problem = valueProblem(token, seen.has(name) && !isRepeatable);
    if (problem !== undefined) return problem;
    if (token.value !== undefined) seen.add(name);
  }
  return undefined;
}

function valueProblem(
  { name, value, inline }: Extract<Token, { readonly kind: 'option' }>,
  isTwice: boolean,
): string | undefined {
  if (tokenOptions[name]?.type === 'boolean')
    return value === undefined ? undefined : `--${name} takes no value`;
  if (value === undefined || value === '') return `--${name} needs a value`;
  // `--reason --dry-run`: probably a forgotten value.
  if (!inline && value.startsWith('-'))
    return `--${name} needs a value; if the value begins with "-", write --${name}=${value}`;
  return isTwice ? `--${name} is given twice` : undefined;
}

function givenBy(tokens: readonly Token[], rest: readonly string[]): Given {
  const valuesOf = (option: string): readonly string[] =>
    tokens.flatMap((token) =>
      token.kind === 'option' && token.name === option && token.value !== undefined ? [token.value] : [],
    );
  // The first word is the command.
  const [, ...words] = wordsOf(tokens);
  return {
    words,
    rest,
    has: (option) => isGiven(tokens, option),
    value: (option) => valuesOf(option)[0],
    values: valuesOf,
  };
}

/** Why these words and options do not fit the command, or undefined. */
function misfit(
  name: CommandName,
  { operands, options: own, needsNoConfiguration }: CommandForm<unknown>,
  given: Given,
  tokens: readonly Token[],
): string | undefined {
  if (needsNoConfiguration && given.has('config'))
    return `"${name}" needs no configuration: leave --config out`;
  const allowed = new Set(['config', 'json', ...own.map((option) => option.name)]);
  const stray = tokens.find((token) => token.kind === 'option' && !allowed.has(token.name));
  if (stray?.kind === 'option') return `"${name}" does not take --${stray.name}`;
  const missing = operands.find((operand, index) => operand.required && given.words[index] === undefined);
  if (missing !== undefined) return `"${name}" needs a ${missing.name}`;
  const surplus = given.words[operands.length];
  return surplus === undefined ? undefined : `"${name}" does not take "${surplus}"`;
}
