/** The commands, their options and their help: the parser and `--help` read the same table. */

export type CommandName =
  | 'run'
  | 'status'
  | 'explain'
  | 'follow'
  | 'freeze'
  | 'thaw'
  | 'forget'
  | 'history'
  | 'schema'
  | 'lab';

export const optionNames = [
  'config',
  'json',
  'help',
  'version',
  'watch',
  'force',
  'although-read-only',
  'dry-run',
  'reason',
  'scenario',
  'list',
  'once',
  'keep',
] as const;
export type OptionName = (typeof optionNames)[number];

interface CommandEntry {
  readonly operands: readonly { readonly name: string; readonly required: boolean }[];
  readonly options: readonly { readonly name: OptionName; readonly value?: string; readonly text: string }[];
  /** One line of the general help. */
  readonly summary: string;
  /** The text of the command's own help. */
  readonly details: readonly string[];
}

const required = (name: string) => ({ name, required: true });
const optional = (name: string) => ({ name, required: false });
const reason = (text: string) => ({ name: 'reason', value: 'TEXT', text }) as const;

export const commands: Readonly<Record<CommandName, CommandEntry>> = {
  run: {
    operands: [],
    options: [],
    summary: 'Run the daemon: it watches the clusters and keeps their names right',
    details: [
      'Runs in the foreground and logs JSON to standard output. On SIGTERM or SIGINT, the daemon finishes',
      'the updates in flight and exits 0. On SIGHUP, it reads the configuration again; if the new one has',
      'errors, the old one stays in force.',
    ],
  },
  status: {
    operands: [optional('CLUSTER')],
    options: [{ name: 'watch', text: 'Show it again every second, until Ctrl-C' }],
    summary: 'Show what DNS says, the source, and every server',
    details: ['Shows one cluster, or all of them.'],
  },
  explain: {
    operands: [required('CLUSTER')],
    options: [],
    summary: 'Show the decision, and the evidence for it, server by server',
    details: ['Asks the daemon. If no daemon runs, the command asks the servers and the nameserver itself.'],
  },
  follow: {
    operands: [required('CLUSTER'), required('SERVER')],
    options: [
      { name: 'dry-run', text: 'Print the update, and send nothing' },
      { name: 'force', text: 'Publish the server even if it does not answer or its data are in doubt' },
      {
        name: 'although-read-only',
        text: 'With --force: even if the server was just seen read-only or replicating',
      },
      reason('The reason, for the history'),
    ],
    summary: 'Verify this server, and publish it now',
    details: [
      'SERVER is host or host:port, as in the configuration. It must be a reachable, writable server of',
      'the cluster. The command promotes nothing: it only changes where the name points.',
      'To undo a move by mistake, run the same command, without --force, with the server that was',
      'published before. This works if the server that is published now takes no writes and has no',
      'transactions that the other one lacks.',
    ],
  },
  freeze: {
    operands: [required('CLUSTER')],
    options: [reason('The reason, shown with the freeze')],
    summary: 'Stop automatic moves, by every instance, until thaw',
    details: [
      'The freeze is kept in the zone, so it holds for every instance and survives restarts.',
      'While it lasts, follow is held too (exit code 3).',
    ],
  },
  thaw: {
    operands: [required('CLUSTER')],
    options: [],
    summary: 'Allow automatic moves again',
    details: ['Also ends the hold after too many moves (flapping).'],
  },
  forget: {
    operands: [required('CLUSTER'), required('SERVER')],
    options: [],
    summary: 'Stop waiting for a server that will not come back',
    details: [
      'The server no longer counts for the majority, and the ledger no longer names it as a former source',
      'that has not rejoined. A server that is alive is not forgotten (exit code 3).',
    ],
  },
  history: {
    operands: [optional('CLUSTER')],
    options: [],
    summary: 'Show every move and every hold, with its times',
    details: [
      'The times of a move: seen, decided, published, and answered by every authoritative nameserver.',
    ],
  },
  schema: {
    operands: [],
    options: [],
    summary: "Print the configuration's JSON Schema, for editors",
    details: [
      'Needs no configuration. In an editor with the YAML language server, begin the file with',
      '# yaml-language-server: $schema=./source-dns.schema.json',
    ],
  },
  lab: {
    operands: [],
    options: [
      { name: 'scenario', value: 'NAME', text: "The scenario to play; default: the manual's failover" },
      { name: 'list', text: 'List the scenarios, what each needs and how long it takes' },
      { name: 'once', text: 'Play it once and exit, 0 if every step held' },
      { name: 'keep', text: 'Keep the files of the servers' },
    ],
    summary: "Play the manual's failover live, with real MySQL servers and BIND",
    details: [
      'Needs no configuration, no root and no container. Everything runs on loopback (in network',
      'namespaces, if the scenario cuts servers off). Afterwards the servers and their files are gone.',
      'If no scenario is named and MySQL is not available, the lab plays the failover with MariaDB.',
    ],
  },
};

export const commandNames = Object.keys(commands) as readonly CommandName[];

const globalOptions: readonly (readonly [string, string])[] = [
  ['--config FILE', 'The configuration file'],
  ['--json', 'Print JSON: one object, or one object per line'],
  ['-h, --help', 'Print this text, or the help of a command'],
  ['-V, --version', 'Print the version'],
];

const exitCodes: readonly (readonly [string, string])[] = [
  ['0', 'done, or nothing to do'],
  ['1', 'failed'],
  ['2', 'wrong usage or configuration'],
  ['3', 'held: refused as unsafe, with the reason'],
  ['4', 'a server or nameserver could not be reached'],
  ['5', 'lost the race: another instance moved the name meanwhile'],
];

const operandText = (name: CommandName): string =>
  commands[name].operands.map((operand) => (operand.required ? operand.name : `[${operand.name}]`)).join(' ');

function table(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join('\n');
}

/** `source-dns --help`. */
export function generalHelp(): string {
  const rows = commandNames.map(
    (name) => [`${name} ${operandText(name)}`.trimEnd(), commands[name].summary] as const,
  );
  return [
    'source-dns: one DNS name that always answers with the MySQL source',
    '',
    'Usage: source-dns [--config FILE] [--json] COMMAND',
    '',
    'Commands:',
    table(rows),
    '',
    'Options:',
    table(globalOptions),
    '',
    'The configuration is FILE, else $SOURCE_DNS_CONFIG, else ./source-dns.yaml, else',
    '/etc/source-dns/source-dns.yaml.',
    '',
    'Exit codes:',
    table(exitCodes),
    '',
    'More about one command: source-dns COMMAND --help',
  ].join('\n');
}

/** `source-dns COMMAND --help`. */
export function commandHelp(name: CommandName): string {
  const { options, summary, details } = commands[name];
  const own = options.map(
    (option) =>
      [`--${option.name}${option.value === undefined ? '' : ` ${option.value}`}`, option.text] as const,
  );
  return [
    `source-dns ${name}: ${summary}`,
    '',
    `Usage: source-dns ${name} ${operandText(name)} [OPTION...]`.replace('  ', ' '),
    '',
    ...details,
    '',
    'Options:',
    table([...own, ...globalOptions.slice(0, 3)]),
    '',
    'Exit codes:',
    table(exitCodes),
  ].join('\n');
}
