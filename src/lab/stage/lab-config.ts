/** The configuration of the lab's source-dns: what a user would write, and defaults for the rest. */

import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findFreePort } from '../host/free-ports.ts';
import type { BindPair } from '../servers/bind.ts';
import type { Cluster } from '../servers/cluster.ts';

export interface LabConfig {
  readonly file: string;
  /** The text of the file; it has no secret. */
  readonly text: string;
  readonly stateDir: string;
  /** Of the status page. */
  readonly page: string;
  /** The buttons of the page want its content. */
  readonly tokenFile: string;
}

export async function writeLabConfig(folder: string, cluster: Cluster, bind: BindPair): Promise<LabConfig> {
  const stateDir = join(folder, 'state');
  const listen = `127.0.0.1:${await findFreePort(['127.0.0.1'])}`;
  const passwordFile = join(folder, 'mysql.password');
  const tokenFile = join(folder, 'api.token');
  await mkdir(stateDir, { recursive: true, mode: 0o750 });
  await writeFile(passwordFile, `${cluster.accounts.watcher}\n`, { mode: 0o600 });
  await writeFile(tokenFile, `${randomBytes(16).toString('hex')}\n`, { mode: 0o600 });
  const text = `# The configuration of the lab's source-dns. Every setting that is not here has its default.
instance: lab-watcher
state_dir: ${stateDir}
clusters:
  shop:
    servers:
${cluster.all.map(({ server, name }) => `      - ${server}   # ${name}`).join('\n')}
    mysql:
      user: source_dns
      password_file: ${passwordFile}
    publish:
      nameserver: ns1
      zone: ${bind.zone}.
      source: { name: source.shop.${bind.zone}., ttl: 1 }
      replicas: { name: replicas.shop.${bind.zone}., ttl: 1 }
    allow_loopback: true   # the whole lab runs on this machine
nameservers:
  ns1:
    address: ${bind.primary.address}
    port: ${bind.primary.port}
    key_file: ${bind.keyFile}
    verify: ["${bind.primary.address}:${bind.primary.port}", "${bind.secondary.address}:${bind.secondary.port}"]
http: { listen: ${JSON.stringify(listen)}, token_file: ${tokenFile} }
`;
  const file = join(folder, 'source-dns.yaml');
  await writeFile(file, text);
  return { file, text, stateDir, page: `http://${listen}/`, tokenFile };
}
