/** PowerDNS with one zone and one key. */

import { randomBytes } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import {
  type ForeignConfiguration,
  type ForeignNameserver,
  type ForeignWishes,
  firstRrs,
  startForeign,
} from './foreign-nameserver.ts';
import type { PowerdnsPrograms } from './powerdns-programs.ts';

const sqlTimeoutMs = 20_000;

/** `closed`: no key may update the zone. */
export interface PowerdnsWishes extends ForeignWishes {
  readonly closed?: boolean;
}

/** Starts PowerDNS on a new SQLite database (some 300 ms), with its caches on, as by default. */
export async function startPowerdns(
  programs: PowerdnsPrograms,
  clusters: readonly string[],
  wishes: PowerdnsWishes = {},
): Promise<ForeignNameserver> {
  return await startForeign(
    { name: 'powerdns', configure: (given) => configure(programs, given, wishes) },
    clusters,
  );
}

async function configure(programs: PowerdnsPrograms, given: ForeignConfiguration, wishes: PowerdnsWishes) {
  const { folder, address, port, owners } = given;
  const database = join(folder, 'zone.sqlite');
  const input = `${await readFile(programs.schema, 'utf8')}\n${contents(given, wishes)}`;
  // A failed start leaves one behind.
  await rm(database, { force: true });
  await execa(programs.sqlite3, ['-bail', database], { input, timeout: sqlTimeoutMs });
  const policy = join(folder, 'policy.lua');
  const may = owners.map((owner) => `["${owner}."]=true`).join(', ');
  await writeFile(
    policy,
    `local may = {${may}}\nfunction updatepolicy(input) return may[input:getQName():toString():lower()] == true end\n`,
  );
  const settings = {
    launch: 'gsqlite3',
    'gsqlite3-database': database,
    'gsqlite3-pragma-synchronous': '0',
    'gsqlite3-dnssec': 'yes',
    'module-dir': programs.modules,
    'local-address': address,
    'local-port': `${port}`,
    'socket-dir': folder,
    dnsupdate: 'yes',
    'allow-dnsupdate-from': '127.0.0.0/8',
    // A script decides alone.
    ...(wishes.closed ? {} : { 'lua-dnsupdate-policy-script': policy }),
    'receiver-threads': '1',
    'distributor-threads': '2',
    daemon: 'no',
    guardian: 'no',
    'disable-syslog': 'yes',
    'security-poll-suffix': '',
  };
  await writeFile(
    join(folder, 'pdns.conf'),
    Object.entries(settings)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
  );
  return [programs.pdnsServer, `--config-dir=${folder}`] as const;
}

/** The zone, its key, and the key's right to update it, as `pdnsutil` writes them. */
function contents({ zone, key }: ForeignConfiguration, { closed, signed }: PowerdnsWishes): string {
  const rrs = firstRrs(zone).map(([name, type, rdata]) => {
    const content = type === 'A' ? rdata : rdata.replace(/\.( |$)/g, '$1');
    return `INSERT INTO records (domain_id, name, type, content, ttl, auth) VALUES (1, '${name}', '${type}', '${content}', 60, 1);`;
  });
  return [
    `INSERT INTO domains (id, name, type) VALUES (1, '${zone}', 'NATIVE');`,
    ...rrs,
    `INSERT INTO tsigkeys (name, algorithm, secret) VALUES ('${key.name}', '${key.algorithm}', '${key.secret}');`,
    `INSERT INTO domainmetadata (domain_id, kind, content) VALUES (1, 'TSIG-ALLOW-DNSUPDATE', '${closed ? 'nobody' : key.name}');`,
    ...(signed
      ? [
          `INSERT INTO cryptokeys (domain_id, flags, active, published, content) VALUES (1, 257, 1, 1, '${signingKey()}');`,
        ]
      : []),
    '',
  ].join('\n');
}

/** A private key of ECDSA P-256 (RFC 6605) in the form of PowerDNS. */
const signingKey = (): string =>
  [
    'Private-key-format: v1.2',
    'Algorithm: 13 (ECDSAP256SHA256)',
    `PrivateKey: ${randomBytes(32).toString('base64')}`,
    '',
  ].join('\n');
