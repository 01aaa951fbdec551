/** What the commands are called, take and say about themselves: the parser and `--help` read the same table. */

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
  /** What one should know before using it. */
  readonly details: readonly string[];
}

const required = (name: string) => ({ name, required: true });
const optional = (name: string) => ({ name, required: false });
const reason = (text: string) => ({ name: 'reason', value: 'TEXT', text }) as const;

export const commands: Readonly<Record<CommandName, CommandEntry>> = {
  run: {
    operands: [],
    options: [],
    summary: 'The daemon: watch the clusters and keep their names right',
    details: [
      'Runs in the foreground and logs JSON to standard output. SIGTERM and SIGINT finish what is in flight',
      'and exit 0. SIGHUP reads the configuration again; a bad one is refused, and the old one stays.',
    ],
  },
  status: {
    operands: [optional('CLUSTER')],
    options: [{ name: 'watch', text: 'Keep it on the screen until Ctrl-C' }],
    summary: 'What DNS says, who is the source, and every server',
    details: ['Of one cluster, or of all.'],
  },
  explain: {
    operands: [required('CLUSTER')],
    options: [],
    summary: 'The decision, and the evidence for it, server by server',
    details: ['Asks the running daemon; where none runs, it asks the servers and the nameserver itself.'],
  },
  follow: {
    operands: [required('CLUSTER'), required('SERVER')],
    options: [
      { name: 'dry-run', text: 'Print the update that would be sent, and send nothing' },
      { name: 'force', text: 'Publish it also where it cannot be asked, or its data are in doubt' },
      {
        name: 'although-read-only',
        text: 'With --force: also where it was just seen read-only or replicating',
      },
      reason('Why, for the history'),
    ],
    summary: 'Publish this server now, after verifying it',
    details: [
      'SERVER is host or host:port, as in the configuration. It must be a reachable, writable server of',
      'the cluster. It promotes nothing: it only says where the name points. The way back from a move by',
      'mistake is the same command, without --force, with the server that was published before: where the',
      'server that is published now takes no writes, and has nothing that the other one lacks.',
    ],
  },
  freeze: {
    operands: [required('CLUSTER')],
    options: [reason('Why: shown wherever the freeze is shown')],
    summary: 'No automatic move, by any instance, until thawed',
    details: [
      'The freeze is kept in the zone, so that it holds for every instance and survives restarts.',
      'follow is held as well while it lasts (exit code 3).',
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
      'It no longer counts for the majority, and the ledger no longer names it as a former source that has',
      'not rejoined. A server that lives is not forgotten (exit code 3).',
    ],
  },
  history: {
    operands: [optional('CLUSTER')],
    options: [],
    summary: 'Every move and every hold, with its times',
    details: ['When it was seen, decided, published, and answered by every authoritative nameserver.'],
  },
  schema: {
    operands: [],
    options: [],
    summary: "The configuration's JSON Schema, for editors",
    details: [
      'Needs no configuration. In an editor with the YAML language server, begin the file with',
      '# yaml-language-server: $schema=./source-dns.schema.json',
    ],
  },
  lab: {
    operands: [],
    options: [
      { name: 'scenario', value: 'NAME', text: "What to play; without it, the manual's failover" },
      { name: 'list', text: 'Say which scenarios there are, what each needs and how long it takes' },
      { name: 'once', text: 'Play it once and exit, 0 if all went well' },
      { name: 'keep', text: 'Leave the files of the servers for inspection' },
    ],
    summary: "Real MySQL servers and BIND on loopback: the manual's failover, live",
    details: [
      'Needs no configuration, no root and no container. Everything is on loopback (where servers are cut',
      'off, in network namespaces) and is gone afterwards. Where MySQL cannot be had, and no scenario was',
      'named, the failover is played with MariaDB.',
    ],
  },
};

export const commandNames = Object.keys(commands) as readonly CommandName[];

const globalOptions: readonly (readonly [string, string])[] = [
  ['--config FILE', 'The configuration'],
  ['--json', 'Print JSON, one object or one a line'],
  ['-h, --help', 'This text, or that of a command'],
  ['-V, --version', 'The version'],
];

const exitCodes: readonly (readonly [string, string])[] = [
  ['0', 'done, or nothing to do'],
  ['1', 'failed'],
  ['2', 'usage or configuration'],
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
