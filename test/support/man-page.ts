/** The manual page in man(7) macros, made of the same forms as `--help`. Pure. */

import { commandNames, formOf } from '../../src/cli/command-table.ts';
import { exitsOfAll, globalOptions, optionText, usageLine } from '../../src/cli/help.ts';

/** A backslash, a leading dot or apostrophe and a hyphen mean something to roff. */
const plain = (text: string): string =>
  text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('~', '\\(ti')
    .replaceAll('^', '\\(ha')
    .replace(/^([.'])/gm, '\\&$1');

const item = (head: string, text: string): string => `.TP\n.B ${plain(head)}\n${plain(text)}`;
const literal = (line: string): string => `.PP\n.RS 4\n.nf\n${plain(line)}\n.fi\n.RE`;

const items = (rows: readonly (readonly [string, string])[]): string =>
  rows.map(([head, text]) => item(head, text)).join('\n');

function commandSection(name: (typeof commandNames)[number]): string {
  const { summary, details, options, examples, exits } = formOf(name);
  const usage = `source-dns ${usageLine(name)}${options.length === 0 ? '' : ' [OPTION...]'}`;
  return [
    `.SS ${plain(usage)}`,
    `${plain(summary)}.`,
    '.PP',
    plain(details.join('\n')),
    ...(options.length === 0 ? [] : [items(options.map((option) => [optionText(option), option.text]))]),
    ...examples.map(([line, text]) => `.PP\n${plain(text)}:\n${literal(`source-dns ${line}`)}`),
    '.PP',
    'Exit codes:',
    items(Object.entries(exits)),
  ].join('\n');
}

const files: readonly (readonly [string, string])[] = [
  ['./source-dns.yaml', 'the configuration, if neither --config nor $SOURCE_DNS_CONFIG names another one'],
  ['/etc/source-dns/source-dns.yaml', 'the configuration, if there is none in the working directory'],
  ['STATE_DIR/api.sock', 'the socket of the daemon: who may open it may give commands'],
  ['STATE_DIR/history.jsonl', 'the history'],
];

const environment: readonly (readonly [string, string])[] = [
  ['SOURCE_DNS_CONFIG', 'the configuration file'],
  ['XDG_STATE_HOME', 'where state_dir is, if the configuration does not say it'],
  ['COLUMNS', 'the width of the output, also into a pipe'],
  ['NO_COLOR, FORCE_COLOR', 'no colours; colours also into a pipe'],
];

/** `man/source-dns.1`. Its date is fixed and it has no version, so that it changes only with the commands. */
export const manPage = (): string => `\
.\\" Made of the forms of the commands (src/cli/commands): do not edit.
.TH SOURCE\\-DNS 1 2026-11-26 "source\\-dns" "User Commands"
.SH NAME
source\\-dns \\- one DNS name that always answers with the MySQL source
.SH SYNOPSIS
.B source\\-dns
.RB [ \\-\\-config
.IR FILE ]
.RB [ \\-\\-json ]
.I COMMAND
.SH DESCRIPTION
source\\-dns watches the MySQL servers of a cluster and keeps one name of the DNS pointed at the source,
the server that takes the writes.
It promotes no server and changes no server: it sends DNS updates.
.SH OPTIONS
${items(globalOptions.map((option) => [optionText(option), option.text]))}
.SH COMMANDS
${commandNames.map(commandSection).join('\n')}
.SH EXIT STATUS
Each command uses some of these:
${items(Object.entries(exitsOfAll))}
.SH FILES
${items(files)}
.SH ENVIRONMENT
${items(environment)}
`;
