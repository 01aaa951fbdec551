/** A primary and a secondary nameserver, with the configuration of bind-config/. */

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findFreePort, withFreePort } from '../host/free-ports.ts';
import type { BindPrograms } from '../programs/bind-programs.ts';
import { renderBindConfig } from './bind-config.ts';
import { isListenTaken, Named, type NamedOptions } from './named.ts';
import { generateTsigKey, writeTsigKey } from './tsig-key.ts';

/** named listens only on addresses of an interface, and `lo` has only this one: the two differ by port. */
const ownAddress = '127.0.0.1';

export interface BindOptions {
  /** The folder of both; it must not have an older pair. */
  readonly folder: string;
  /** Without the last dot; default: `lab.test`. */
  readonly zone?: string;
  /** The key may change the names of these clusters (`source.<cluster>.<zone>` etc.); default: `shop`. */
  readonly clusters?: readonly string[];
  /** The default is loopback, on free ports. */
  readonly hosts?: { readonly primary: NameserverHost; readonly secondary: NameserverHost };
  /** Changes a rendered named.conf, e.g. to add a statement. */
  readonly adjust?: (role: Role, text: string) => string;
}

interface NameserverHost extends Pick<NamedOptions, 'address' | 'port' | 'logFile' | 'through'> {}

type Role = 'primary' | 'secondary';

export interface BindPair {
  readonly primary: Named;
  readonly secondary: Named;
  /** Without the last dot. */
  readonly zone: string;
  /** The TSIG key that may update, in BIND's form. */
  readonly keyFile: string;
  readonly keyName: string;
  /** The TSIG key that may transfer the zone. */
  readonly transferKeyFile: string;
  readonly stop: () => Promise<void>;
}

/** Resolves when both answer for the zone. Rejects with a LabError. */
export async function startBindPair(programs: BindPrograms, options: BindOptions): Promise<BindPair> {
  const { zone = 'lab.test', clusters = ['shop'], hosts, adjust = (_role, text) => text } = options;
  const keyName = 'source-dns-key';
  const updateKey = generateTsigKey(keyName);
  const transferKey = generateTsigKey('transfer-key');
  const folders = { primary: join(options.folder, 'ns1'), secondary: join(options.folder, 'ns2') };
  for (const folder of Object.values(folders)) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeTsigKey(join(folder, 'transfer.key'), transferKey);
  }
  const keyFile = join(folders.primary, 'source-dns.key');
  await writeTsigKey(keyFile, updateKey);
  const addressOf = (role: Role) => hosts?.[role].address ?? ownAddress;
  const addresses = {
    zone,
    'primary-address': addressOf('primary'),
    'secondary-address': addressOf('secondary'),
  };
  await writeFile(
    join(folders.primary, `${zone}.db`),
    await renderBindConfig('zone.db', { ...addresses, address: addresses['primary-address'] }),
  );

  const start = async (ports: { primary: number; secondary: number }): Promise<BindPair> => {
    const common = {
      ...addresses,
      key: keyName,
      cluster: clusters,
      'primary-port': `${ports.primary}`,
      'secondary-port': `${ports.secondary}`,
    };
    const make = async (role: Role): Promise<Named> => {
      const directory = folders[role];
      const address = addressOf(role);
      const text = await renderBindConfig(`named.conf.${role}`, {
        ...common,
        directory,
        address,
        port: `${ports[role]}`,
      });
      await writeFile(join(directory, 'named.conf'), adjust(role, text));
      return new Named(programs, { ...hosts?.[role], folder: directory, address, port: ports[role], zone });
    };
    const [primary, secondary] = [await make('primary'), await make('secondary')];
    const stop = async (): Promise<void> => {
      await Promise.all([primary.stop(), secondary.stop()]);
    };
    try {
      await primary.start();
      await secondary.start();
    } catch (error) {
      await stop();
      throw error;
    }
    return {
      primary,
      secondary,
      zone,
      keyFile,
      keyName,
      transferKeyFile: join(folders.primary, 'transfer.key'),
      stop,
    };
  };
  if (hosts !== undefined)
    return await start({ primary: hosts.primary.port, secondary: hosts.secondary.port });
  return await withFreePort(findTwoPorts, start, { isTaken: isListenTaken });
}

async function findTwoPorts(): Promise<{ primary: number; secondary: number }> {
  const primary = await findFreePort([ownAddress], { udp: true });
  let secondary = primary;
  while (secondary === primary) secondary = await findFreePort([ownAddress], { udp: true });
  return { primary, secondary };
}
