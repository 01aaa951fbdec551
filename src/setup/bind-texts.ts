/** What BIND's administrator includes: the key, the least rights for these names, and a zone. Pure. */

import { isIP, isIPv6 } from 'node:net';
import type { Fqdn } from '../core/model/units.ts';
import type { Question } from '../core/model/zone.ts';
import { grants, knotAcl, powerdnsCommand } from '../dns/client/refusal-words.ts';
import { endpointText, keyFileName } from './configuration-text.ts';
import type { Setup, SetupNameserver } from './setup.ts';

/** Of the key, as part of the name of a file. */
const stemOf = ({ key }: Setup): string => key.name.replace(/[^A-Za-z0-9._-]/g, '_').slice(0, 120);

/**
 * The files for the nameserver have names that no other instance has: named takes every key once, and a copy
 * must not replace the key or the rights of another instance.
 */
export const primaryName = (setup: Setup): string => `named.conf.${stemOf(setup)}`;
export const secondaryName = (setup: Setup): string => `${primaryName(setup)}-secondary`;
/** For the inside of the zone statement of a zone that exists. */
export const zoneLinesName = (setup: Setup): string => `${primaryName(setup)}-zone`;
/** What `source-dns.key` is called on the nameserver. */
export const keyNameThere = (setup: Setup): string => `${stemOf(setup)}.key`;
/** Of a new zone, which the nameserver has once. */
export const transferKeyName = ({ zone }: Setup): string => `transfer.${bare(zone.name)}`;
export const transferKeyFileName = (setup: Setup): string => `${transferKeyName(setup)}.key`;

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

/** One line for each name. */
export const grantLines = (setup: Setup): readonly string[] =>
  grants({ key: keyOf(setup) }, writtenRrsets(setup));

function policyLines(setup: Setup, indent: string): readonly string[] {
  return [
    `// The least rights: the key may change these types at these names of ${setup.cluster}, and nothing else.`,
    '// CNAME is needed for "type: cname" only, and SRV at _mysql._tcp for "srv: true" only.',
    'update-policy {',
    ...grantLines(setup).map((line) => `    ${line}`),
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
    `// This is ${setup.key.file ?? keyFileName}. Only named and source-dns may read it (mode 0640 or 0600).`,
    ...(setup.key.file === undefined
      ? []
      : ['// named takes a key once: remove the next line if named has this key already.']),
    `include "${keyOnNameserver(setup, keyNameThere(setup))}";`,
    ...(zone.exists ? inExistingZone(setup) : newZone(setup, places.bindFolder)),
    '',
  ].join('\n');
}

const inExistingZone = (setup: Setup): readonly string[] => [
  '',
  `// The zone ${bare(setup.zone.name)} exists. If its zone statement has an update-policy already, add the grant`,
  `// lines of ${zoneLinesName(setup)} to it, above every deny: the first line that matches counts.`,
  `// If it has none, write into the zone statement: include "/etc/bind/${zoneLinesName(setup)}";`,
];

/** For the inside of the zone statement of a zone that exists. */
export const zoneLinesText = (setup: Setup): string =>
  [
    `// For the inside of: zone "${bare(setup.zone.name)}" { ... };`,
    ...policyLines(setup, ''),
    '',
    '// The secondary servers hear of each change at once. The default of 5 s holds back the second of two.',
    'notify-delay 0;',
    '// Only the holder of a key may copy the zone: the ledger in it names servers and ports. For example:',
    '// allow-transfer { key transfer-key; };',
    '',
  ].join('\n');

function newZone(setup: Setup, folder: string): readonly string[] {
  const { zone, nameserver } = setup;
  const others = zone.verify.filter(({ host, port }) => host !== nameserver.host || port !== nameserver.port);
  const notified = others.filter(({ host }) => isIP(host) !== 0);
  return [
    `include "${keyOnNameserver(setup, transferKeyFileName(setup))}";`,
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
    `    allow-transfer { key ${transferKeyName(setup)}; };`,
    ...(notified.length === 0
      ? [
          '    // For each secondary server, in place of the addresses of the NS RRset:',
          '    // notify explicit;',
          `    // also-notify { 192.0.2.54 port 53 key ${transferKeyName(setup)}; };`,
        ]
      : [
          '    notify explicit;',
          `    also-notify { ${notified.map((each) => `${remoteText(setup, each)};`).join(' ')} };`,
        ]),
    '};',
  ];
}

const remoteText = (setup: Setup, { host, port }: SetupNameserver): string =>
  `${host} port ${port} key ${transferKeyName(setup)}`;

/** For each secondary server of a new zone. */
export function secondaryText(setup: Setup): string {
  const { zone, nameserver } = setup;
  return [
    `// For a secondary nameserver of ${bare(zone.name)}, written by "source-dns init": named.conf includes it.`,
    `// Copy ${transferKeyFileName(setup)} to this nameserver. The key of source-dns stays on the primary server.`,
    `include "${keyOnNameserver(setup, transferKeyFileName(setup))}";`,
    '',
    `zone "${bare(zone.name)}" {`,
    '    type secondary;',
    `    file "${zoneFileName(zone.name)}";`,
    ...(isIP(nameserver.host) === 0
      ? [`    // Write the address of ${nameserver.host} here: BIND takes no host name.`]
      : []),
    `    primaries { ${remoteText(setup, isIP(nameserver.host) === 0 ? { ...nameserver, host: '192.0.2.53' } : nameserver)}; };`,
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
