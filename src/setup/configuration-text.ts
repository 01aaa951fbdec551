/**
 * The configuration that `init` writes. A line `# key: value` shows a default: without `# ` it changes
 * nothing. Paths of secrets are relative, so the folder can be moved. Pure.
 */

import { basename, dirname } from 'node:path';
import { stringify } from 'yaml';
import { splitAddress } from '../core/model/observation.ts';
import type { Setup, SetupKey, SetupNameserver, SetupServer } from './setup.ts';

/** Names of files in the output folder, and of systemd's credentials. */
export const passwordFileName = 'mysql.password';
export const keyFileName = 'source-dns.key';

/**
 * systemd gives the service a copy of a secret, in a folder that this variable names. A command that a person
 * runs has no such variable: it reads the file itself. `.` is the folder of the configuration.
 */
const credential = (folder: string, file: string): string => `\${CREDENTIALS_DIRECTORY:-${folder}}/${file}`;

/** The name of systemd's credential for the key; undefined: the service must read the file itself. */
export const keyCredential = ({ file }: SetupKey): string | undefined =>
  file === undefined ? keyFileName : /^[A-Za-z0-9._/+@-]+$/.test(file) ? basename(file) : undefined;

function keyFileText(key: SetupKey): string {
  const name = keyCredential(key);
  if (name === undefined) return scalar(key.file ?? '');
  return credential(key.file === undefined ? '.' : dirname(key.file), name);
}

/** A text as one line of YAML. `${` must not begin a variable. */
const scalar = (text: string): string =>
  stringify(
    text.replaceAll('${', () => '$${'),
    { lineWidth: 0 },
  ).trimEnd();

/** In a list between brackets. */
const quoted = (text: string): string => JSON.stringify(text);

/** The text of source-dns.yaml. It has no secret. */
export function configurationText(setup: Setup): string {
  return [
    `# The configuration of source-dns for the cluster ${setup.cluster}, written by "source-dns init".`,
    '# A line that begins with "# " and a key shows a default: remove the "# " and change the value.',
    '# "source-dns schema" prints all keys. After a change: "source-dns check", then "systemctl reload source-dns".',
    '',
    '# For example "instance: watcher-1": the name of this instance in the ledger. Default: the host name.',
    '',
    '# Several instances share the clusters, with the same list in each: docs/SHARES.md.',
    '# For example "share: { instances: [watcher-1, watcher-2, watcher-3], watchers: 2 }". Default: this one watches all.',
    '',
    '# The history, and the socket of the commands.',
    `state_dir: ${scalar(setup.places.stateDir)}`,
    '',
    'clusters:',
    ...clusterLines(setup, { nameserver: 'ns1', passwordFile: passwordFileName }),
    '',
    'nameservers:',
    ...nameserverLines(setup, 'ns1'),
    '',
    '# The status page, the metrics and the API over TCP, for this host only: "http: {}" is http://127.0.0.1:8053/.',
    '',
    '# What to call after a move, and for an alarm. For example "hooks: { after_move: [{ command: [/usr/local/bin/notify] }] }".',
    '',
    '# log:',
    '#   level: info',
    '',
  ].join('\n');
}

export interface BlockNames {
  /** Under `nameservers:`. */
  readonly nameserver: string;
  /** Beside the configuration. */
  readonly passwordFile: string;
}

/** The line under `clusters:` that begins the block of the cluster. */
export const clusterKey = ({ cluster }: Setup): string => `  ${scalar(cluster)}:`;

/** What stands under `clusters:`. */
export function clusterLines(setup: Setup, { nameserver, passwordFile }: BlockNames): readonly string[] {
  return [
    clusterKey(setup),
    '    # observe: decide and report, write nothing. Set active when you trust the decisions.',
    `    mode: ${setup.mode}`,
    '    servers:',
    ...setup.servers.flatMap(serverLines),
    '      # Where clients need another address: { host: db3.internal, publish: 203.0.113.13 }',
    '      # A server that must never be the source: { host: bi.internal, candidate: never }',
    '    # More servers may be found there, and get the password. For example [".db.example.com", 10.1.0.0/16]',
    '    # discover_within: []',
    ...accountLines(setup, passwordFile),
    ...watchLines,
    ...publishLines(setup, nameserver),
    '    # withdraw: remove the name when every server was seen, and none is a source.',
    '    # on_no_source: keep',
    '    # hold: no move to a server that lacks transactions which another server has executed.',
    '    # gtid_guard: warn',
    '    # A former source that takes writes can be made read-only, by a second account. For example',
    '    # "fence: { user: source_dns_fence, password_file: /etc/source-dns/fence.password }".',
    ...(setup.allowLoopback
      ? ['    # Only for a laboratory: clients on other machines cannot use such an address.']
      : []),
    `    ${setup.allowLoopback ? 'allow_loopback: true' : '# allow_loopback: false'}`,
  ];
}

function serverLines({ address, candidate, note }: SetupServer): readonly string[] {
  const comment = note === '' ? '' : `   # ${note}`;
  if (candidate === 'auto') return [`      - ${scalar(address)}${comment}`];
  const { host, port } = splitAddress(address);
  return [
    `      - host: ${scalar(host)}${comment}`,
    `        port: ${port}`,
    '        candidate: never   # watched, and never published as the source',
  ];
}

const accountLines = ({ mysql }: Setup, passwordFile: string): readonly string[] => [
  '    mysql:',
  `      user: ${scalar(mysql.user)}`,
  '      # The service reads a copy of this file, which systemd gives it. A command reads the file beside this one.',
  `      password_file: ${credential('.', passwordFile)}`,
  '      # disabled | preferred | required | verify. Only verify checks who answers.',
  `      tls: ${mysql.tls}`,
  mysql.caFile === undefined
    ? '      # With "tls: verify", for example "ca_file: /etc/source-dns/ca.pem".'
    : `      ca_file: ${scalar(mysql.caFile)}`,
  '      # allow_public_key_retrieval: false',
  '      # connect_timeout: 1s',
  '      # query_timeout: 1s',
];

const watchLines: readonly string[] = [
  '    # watch:',
  '    #   interval: 1s',
  '    #   suspect_interval: 10ms',
  '    #   fresh_for: 3s',
  '    #   settle: 30s',
  '    #   gone_after: 10m',
  '    #   max_moves: 5',
  '    #   max_moves_window: 10m',
];

const publishLines = ({ names, zone, adopt }: Setup, nameserver: string): readonly string[] => [
  '    publish:',
  `      nameserver: ${scalar(nameserver)}`,
  `      zone: ${zone.name}`,
  '      source:',
  `        name: ${names.source}`,
  '        # Seconds that a client may remember the old source.',
  '        # ttl: 5',
  "        # cname: an alias of the server's host name, instead of its addresses.",
  '        # type: address',
  '        # true: also the SRV record _mysql._tcp, with the port.',
  '        # srv: false',
  ...(names.replicas === undefined
    ? ['      # For example "replicas: { name: replicas.shop.db.example.com. }": the healthy replicas.']
    : [
        '      replicas:',
        `        name: ${names.replicas}`,
        '        # ttl: 5',
        '        # max_lag: 10s',
        '        # source | keep | withdraw: what the name answers when no replica is healthy.',
        '        # when_empty: source',
      ]),
  '      # true: take over a name that exists without a ledger.',
  adopt ? '      adopt: true' : '      # adopt: false',
];

/** What stands under `nameservers:`. */
export function nameserverLines({ nameserver, zone, key }: Setup, name: string): readonly string[] {
  const { host, port } = nameserver;
  return [
    `  ${scalar(name)}:`,
    '    # The primary nameserver of the zone.',
    `    address: ${scalar(host)}`,
    port === 53 ? '    # port: 53' : `    port: ${port}`,
    '    # nsupdate: for GSS-TSIG and SIG(0).',
    '    # via: rfc2136',
    '    # transport: tcp',
    `    key_file: ${keyFileText(key)}`,
    `    key_name: ${scalar(key.name)}`,
    '    # fudge: 30s',
    '    # timeout: 2s',
    '    # Every nameserver of the zone: after a move source-dns waits for them.',
    zone.verify.length === 0
      ? '    # None was found. For example "verify: [192.0.2.53, 192.0.2.54]". Default: the NS RRset of the zone.'
      : `    verify: [${zone.verify.map((each) => quoted(endpointText(each))).join(', ')}]`,
    '    # Resolvers that applications use, for example "resolvers: [192.0.2.1]": they are asked, too.',
  ];
}

/** `192.0.2.53`, `192.0.2.53:5353`, `[2001:db8::53]:53`. */
export const endpointText = ({ host, port }: SetupNameserver): string =>
  host.includes(':') ? `[${host}]:${port}` : port === 53 ? host : `${host}:${port}`;
