/** `source-dns init`: its form. */

import type { CommandForm, Given } from '../command-form.ts';

export interface InitArguments {
  /** The answers that were given by flags, as typed, by the name of the flag; a repeated one with commas. */
  readonly given: ReadonlyMap<string, string>;
  readonly yes: boolean;
  readonly dryRun: boolean;
  readonly newAccount: boolean;
  readonly allowLoopback: boolean;
  readonly mode: 'observe' | 'active';
  readonly output: string | undefined;
  readonly stateDir: string | undefined;
  readonly passwordFile: string | undefined;
  readonly keyFile: string | undefined;
  readonly bindFolder: string | undefined;
  readonly program: string | undefined;
}

/** The flags that answer a question. */
const answers: readonly string[] = [
  'cluster',
  'server',
  'mysql-user',
  'account-host',
  'tls',
  'ca-file',
  'discover',
  'take',
  'never',
  'name',
  'replicas-name',
  'nameserver',
  'zone',
  'secondary',
  'adopt',
  'key-name',
];

export const initForm: CommandForm<InitArguments> = {
  operands: [],
  options: [
    { name: 'cluster', value: 'NAME', text: 'A name for the cluster' },
    {
      name: 'server',
      value: 'HOST[:PORT]',
      repeatable: true,
      text: 'A server, best the source; the others too, where it may not tell them',
    },
    { name: 'mysql-user', value: 'USER', text: 'The MySQL account that observes' },
    {
      name: 'mysql-password-file',
      value: 'FILE',
      text: 'Its password; else $SOURCE_DNS_MYSQL_PASSWORD, else asked',
    },
    { name: 'new-account', text: 'The account does not exist yet: make a password, print the statements' },
    {
      name: 'account-host',
      value: 'PATTERN',
      text: 'The host part of a new account; default: the address of this host',
    },
    {
      name: 'tls',
      value: 'MODE',
      oneOf: ['disabled', 'preferred', 'required', 'verify'],
      text: 'disabled, preferred, required or verify',
    },
    { name: 'ca-file', value: 'FILE', text: 'With --tls verify: the certificates of the authority, or none' },
    {
      name: 'discover',
      value: 'yes|no',
      oneOf: ['yes', 'no'],
      text: 'Log in to the servers that the first one names',
    },
    {
      name: 'take',
      value: 'SERVERS',
      text: 'The servers to watch, with commas; all: also if there is only one',
    },
    { name: 'never', value: 'SERVERS', text: 'Servers that must never be the source, with commas, or none' },
    {
      name: 'name',
      value: 'NAME',
      text: 'The name of the source; servers by IP address give no default',
    },
    { name: 'replicas-name', value: 'NAME', text: 'The name of the replicas, or none' },
    { name: 'nameserver', value: 'ADDRESS[:PORT]', text: 'The primary nameserver of the zone' },
    { name: 'zone', value: 'ZONE', text: 'The zone; a zone that is not there is made only with this' },
    {
      name: 'secondary',
      value: 'ADDRESS[:PORT]',
      repeatable: true,
      text: 'A secondary nameserver that the NS RRset does not tell; or none',
    },
    {
      name: 'adopt',
      value: 'yes|no',
      oneOf: ['yes', 'no'],
      text: 'Take over a name that exists without a ledger',
    },
    { name: 'key-file', value: 'FILE', text: 'An existing TSIG key, in place of a new one' },
    { name: 'key-name', value: 'NAME', text: 'The name of the key; default: source-dns-key' },
    { name: 'mode', value: 'MODE', oneOf: ['observe', 'active'], text: 'observe (the default) or active' },
    { name: 'state-dir', value: 'DIR', text: 'For the history and the socket; default: /var/lib/source-dns' },
    {
      name: 'output',
      value: 'DIR',
      text: 'Default: /etc/source-dns for root, else ./source-dns',
    },
    { name: 'bind-folder', value: 'DIR', text: "BIND's folder for keys and zones; default: /var/lib/bind" },
    {
      name: 'program',
      value: 'FILE',
      text: 'What the unit starts; default: this command, else /usr/bin/source-dns',
    },
    { name: 'allow-loopback', text: 'For a laboratory: everything is on this machine' },
    { name: 'yes', text: 'Take the default where a question has one' },
    { name: 'dry-run', text: 'Print the files, without secrets, and write nothing' },
  ],
  needsNoConfiguration: true,
  summary: 'Ask, look around, and write a configuration with all that belongs to it',
  details: [
    'Finds the cluster from one server, and the zone at the nameserver. Writes the configuration, a',
    'TSIG key, the password of the account, its GRANT statements, the lines for BIND and a unit for',
    'systemd, and says what to do next. It changes no server and no zone, and replaces no file.',
    'Each question has a flag. Without a terminal every answer must come by a flag, or by --yes.',
    'Where it ends early, nothing is written but the two files of a new account.',
    'A password is never an argument: other users of this machine would see it.',
  ],
  examples: [
    ['init', 'By questions'],
    [
      'init --server db1.example.com --server db2.example.com --nameserver 192.0.2.53 --yes',
      'With the defaults; servers by IP address need --name, too',
    ],
  ],
  exits: {
    0: 'written',
    1: 'failed, with the reason',
    2: 'wrong usage, or an answer is missing and nobody can be asked',
    3: 'written, but some files existed with other contents: they were left as they are',
    4: 'a server or nameserver could not be reached, or refused the account',
  },
  build(given) {
    const mode = given.value('mode') ?? 'observe';
    if (mode !== 'observe' && mode !== 'active') return `--mode is observe or active, and not "${mode}"`;
    return {
      given: new Map(
        answers.flatMap((flag) => {
          const values = given.values(flag);
          return values.length === 0 ? [] : [[flag, values.join(',')] as const];
        }),
      ),
      mode,
      yes: given.has('yes'),
      dryRun: given.has('dry-run'),
      newAccount: given.has('new-account'),
      allowLoopback: given.has('allow-loopback'),
      ...pathsOf(given),
    };
  },
};

const pathsOf = (given: Given) => ({
  output: given.value('output'),
  stateDir: given.value('state-dir'),
  passwordFile: given.value('mysql-password-file'),
  keyFile: given.value('key-file'),
  bindFolder: given.value('bind-folder'),
  program: given.value('program'),
});
