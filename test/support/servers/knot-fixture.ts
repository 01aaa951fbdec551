/** Knot DNS with one zone and one key. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type ForeignConfiguration,
  type ForeignNameserver,
  type ForeignWishes,
  firstRrs,
  startForeign,
} from './foreign-nameserver.ts';
import type { KnotPrograms } from './knot-programs.ts';

/** `acl`: the items of a further ACL. */
export interface KnotWishes extends ForeignWishes {
  readonly acl?: readonly string[];
}

/** Starts Knot DNS (some 100 ms). */
export async function startKnot(
  { knotd }: KnotPrograms,
  clusters: readonly string[],
  wishes: KnotWishes = {},
): Promise<ForeignNameserver> {
  return await startForeign(
    { name: 'knot', configure: (given) => configure(knotd, given, wishes) },
    clusters,
  );
}

async function configure(
  knotd: string,
  { folder, address, port, zone, key, owners }: ForeignConfiguration,
  { acl, signed }: KnotWishes,
) {
  const file = join(folder, 'knot.conf');
  const rrs = firstRrs(zone).map(([name, type, rdata]) => `${name}. 60 ${type} ${rdata}\n`);
  await writeFile(join(folder, `${zone}.zone`), rrs.join(''));
  const text = `
server:
    rundir: "${folder}"
    listen: ${address}@${port}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
log:
  - target: stderr
    any: info
database:
    storage: "${folder}"
key:
  - id: ${key.name}
    algorithm: ${key.algorithm}
    secret: ${key.secret}
acl:
  - id: publisher
    key: ${key.name}
    action: update
    update-type: [A, AAAA, CNAME, TXT, SRV]
    update-owner: name
    update-owner-match: equal
    update-owner-name: [${owners.map((owner) => `${owner}.`).join(', ')}]
${acl === undefined ? '' : `  - ${['id: source-dns', ...acl].join('\n    ')}\n`}zone:
  - domain: ${zone}
    storage: "${folder}"
    file: "${zone}.zone"
    zonefile-sync: -1
    acl: [publisher${acl === undefined ? '' : ', source-dns'}]
    dnssec-signing: ${signed ? 'on' : 'off'}
`;
  await writeFile(file, text, { mode: 0o600 });
  return [knotd, '--config', file] as const;
}
