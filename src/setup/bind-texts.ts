/** What BIND's administrator includes: the key, the least rights for these names, and a zone. Pure. */

import { isIP, isIPv6 } from 'node:net';
import type { Fqdn } from '../core/model/units.ts';
import type { Question } from '../core/model/zone.ts';
import { grants, knotAcl, powerdnsCommand } from '../dns/client/refusal-words.ts';
import { endpointText, keyFileName } from './configuration-text.ts';
import type { Setup, SetupNameserver } from './setup.ts';

export const transferKeyName = 'transfer-key';
export const transferKeyFileName = 'transfer.key';

/** Every name and type that the configuration of `init` makes source-dns write. */
const writtenRrsets = ({ names: { source, replicas } }: Setup): readonly Question[] => [
  { name: source, type: 'A' },
  { name: source, type: 'AAAA' },
  { name: `_source-dns.${source}` as Fqdn, type: 'TXT' },
  ...(replicas === undefined
    ? []
    : ([
        { name: replicas, type: 'A' },
        { name: replicas, type: 'AAAA' },
      ] as const)),
];

/** Without the last dot. */
export const bare = (name: string): string => name.replace(/\.$/, '');

export const zoneFileName = (zone: Fqdn): string => `${bare(zone)}.db`;

const keyOf = ({ key }: Setup): Fqdn => `${key.name}.` as Fqdn;

function policyLines(setup: Setup, indent: string): readonly string[] {
  return [
    `// The least rights: the key may change these types at these names of ${setup.cluster}, and nothing else.`,
    '// CNAME is needed for "type: cname" only, and SRV at _mysql._tcp for "srv: true" only.',
    'update-policy {',
    ...grants({ key: keyOf(setup) }, writtenRrsets(setup)).map((line) => `    ${line}`),
    '};',
  ].map((line) => `${indent}${line}`);
}

/** The file with that key on the nameserver. */
const keyOnNameserver = ({ places }: Setup, file: string): string => `${places.bindFolder}/${file}`;

/** For the primary server: an include at the top of named.conf. A new zone is in it, too. */
export function primaryText(setup: Setup): string {
  const { zone, places } = setup;
  return [
    `// For the primary nameserver of ${bare(zone.name)}, written by "source-dns init".`,
    '// named.conf includes this file, outside of every other statement (in a view, if you have views).',
    `// ${keyFileName}: copy it to the nameserver. Only named and source-dns may read it (mode 0640 or 0600).`,
    `include "${keyOnNameserver(setup, keyFileName)}";`,
    ...(zone.exists ? inExistingZone(setup) : newZone(setup, places.bindFolder)),
    '',
  ].join('\n');
}

const inExistingZone = ({ zone }: Setup): readonly string[] => [
  '',
  `// The zone ${bare(zone.name)} exists. Its zone statement needs the lines of ${zoneLinesName}: copy them into`,
  `// it, or write into it: include "/etc/bind/${zoneLinesName}";`,
  '// If it has an update-policy already, add the grant lines there, above every deny: the first line counts.',
];

export const zoneLinesName = 'source-dns-zone.conf';

/** For the inside of the zone statement of a zone that exists. */
export const zoneLinesText = (setup: Setup): string =>
  [
    `// For the inside of: zone "${bare(setup.zone.name)}" { ... };`,
    ...policyLines(setup, ''),
    '',
    '// The secondary servers hear of each change at once. The default of 5 s holds back the second of two.',
    'notify-delay 0;',
    '// Only the holder of a key may copy the zone: the ledger in it names servers and ports. For example:',
    `// allow-transfer { key ${transferKeyName}; };`,
    '',
  ].join('\n');

function newZone(setup: Setup, folder: string): readonly string[] {
  const { zone, nameserver } = setup;
  const others = zone.verify.filter(({ host, port }) => host !== nameserver.host || port !== nameserver.port);
  const notified = others.filter(({ host }) => isIP(host) !== 0);
  return [
    `include "${keyOnNameserver(setup, transferKeyFileName)}";`,
    '',
    `zone "${bare(zone.name)}" {`,
    '    type primary;',
    '    // named must be able to write to this folder: it keeps the journal beside the file.',
    `    file "${folder}/${zoneFileName(zone.name)}";`,
    '    max-journal-size 16m;',
    '',
    ...policyLines(setup, '    '),
    '',
    '    // The secondary servers hear of each change at once. The default of 5 s holds back the second of two.',
    '    notify-delay 0;',
    '    // Only the holder of this key may copy the zone: the ledger in it names servers and ports.',
    `    allow-transfer { key ${transferKeyName}; };`,
    ...(notified.length === 0
      ? [
          '    // For each secondary server, in place of the addresses of the NS RRset:',
          '    // notify explicit;',
          `    // also-notify { 192.0.2.54 port 53 key ${transferKeyName}; };`,
        ]
      : [
          '    notify explicit;',
          `    also-notify { ${notified.map((each) => `${remoteText(each)};`).join(' ')} };`,
        ]),
    '};',
  ];
}

const remoteText = ({ host, port }: SetupNameserver): string => `${host} port ${port} key ${transferKeyName}`;

/** For each secondary server of a new zone. */
export function secondaryText(setup: Setup): string {
  const { zone, nameserver } = setup;
  return [
    `// For a secondary nameserver of ${bare(zone.name)}, written by "source-dns init": named.conf includes it.`,
    `// Copy ${transferKeyFileName} to this nameserver. The key of source-dns stays on the primary server.`,
    `include "${keyOnNameserver(setup, transferKeyFileName)}";`,
    '',
    `zone "${bare(zone.name)}" {`,
    '    type secondary;',
    `    file "${zoneFileName(zone.name)}";`,
    ...(isIP(nameserver.host) === 0
      ? [`    // Write the address of ${nameserver.host} here: BIND takes no host name.`]
      : []),
    `    primaries { ${remoteText(isIP(nameserver.host) === 0 ? { ...nameserver, host: '192.0.2.53' } : nameserver)}; };`,
    '    // If a NOTIFY is lost, or after a restart, it asks again in a second and not in minutes.',
    '    min-refresh-time 1;',
    '    min-retry-time 1;',
    '    notify no;',
    '};',
    '',
  ].join('\n');
}

/** The first contents of a new zone. */
export function zoneText(setup: Setup): string {
  const { zone, nameserver } = setup;
  const servers = [nameserver, ...zone.verify.filter(({ host }) => host !== nameserver.host)].map(
    (each, index) => ({ ...each, label: `ns${index + 1}` }),
  );
  const nameOf = ({ host, label }: (typeof servers)[number]): string =>
    isIP(host) === 0 ? `${host}.` : `${label}.${zone.name}`;
  const [first] = servers;
  return [
    `; The first contents of the zone ${bare(zone.name)}. source-dns adds its names. Then named owns this file: to`,
    `; edit it, first "rndc freeze ${bare(zone.name)}", then "rndc thaw ${bare(zone.name)}".`,
    '$TTL 60',
    `@ IN SOA ${first === undefined ? '.' : nameOf(first)} hostmaster.${zone.name} (`,
    '        1       ; serial: named increases it at every update',
    '        10      ; refresh: a secondary that missed a NOTIFY asks again after so many seconds',
    '        2       ; retry',
    '        604800  ; expire',
    '        1 )     ; minimum: resolvers remember "no such name" for so long',
    ...servers.map((each) => `@ IN NS ${nameOf(each)}`),
    ...servers
      .filter(({ host }) => isIP(host) !== 0)
      .map(({ host, label }) => `${label} IN ${isIPv6(host) ? 'AAAA' : 'A'} ${host}`),
    '',
  ].join('\n');
}

/** The same for Knot and PowerDNS, as docs/DNS.md has it. */
export function otherNameserversText(setup: Setup): string {
  const { key, zone, nameserver } = setup;
  return [
    `# The same rights on other nameservers than BIND, for ${bare(zone.name)} at ${endpointText(nameserver)}.`,
    `# SECRET is the secret in ${keyFileName}. Do not write it into a command line that others can see.`,
    '',
    '# Knot: in knot.conf. One acl must allow all of an update.',
    'key:',
    `  - id: ${key.name}`,
    '    algorithm: hmac-sha256',
    '    secret: SECRET',
    'acl:',
    '  - id: source-dns',
    ...knotAcl({ key: keyOf(setup) }, writtenRrsets(setup)).map((item) => `    ${item}`),
    'zone:',
    `  - domain: ${bare(zone.name)}`,
    '    acl: [source-dns]',
    '',
    '# PowerDNS: it has no policy by name, so this key may change the whole zone. In pdns.conf: dnsupdate=yes,',
    '# and allow-dnsupdate-from with the address of source-dns. Then:',
    `#   pdnsutil import-tsig-key ${key.name} hmac-sha256 SECRET`,
    `#   ${powerdnsCommand(keyOf(setup), zone.name)}`,
    '',
  ].join('\n');
}
