import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { renderBindConfig } from './bind-config.ts';
import type { BindPrograms } from './bind-programs.ts';
import { isListenTaken, Named } from './named.ts';
import { findFreePort, withFreePort } from './ports.ts';
import { generateTsigKey, writeTsigKey } from './tsig-key.ts';

/** named listens only on addresses that an interface has, and `lo` has this one: the nameservers of the lab differ by port. */
const ADDRESS = '127.0.0.1';

/** What the two nameservers serve. */
export interface BindOptions {
  /** Folder for both; must not hold an older pair. */
  readonly folder: string;
  /** Without the last dot; default `lab.test`. */
  readonly zone?: string;
  /** Clusters whose names the key may change (`source.<cluster>.<zone>` and so on); default `shop`. */
  readonly clusters?: readonly string[];
}

/** A primary and a secondary nameserver, with the configuration of bind-config/. */
export interface BindPair {
  readonly primary: Named;
  readonly secondary: Named;
  /** Without the last dot. */
  readonly zone: string;
  /** The TSIG key that may update; BIND's form. */
  readonly keyFile: string;
  readonly keyName: string;
  /** The TSIG key that may transfer the zone. */
  readonly transferKeyFile: string;
  readonly stop: () => Promise<void>;
}

/** Starts both; resolves when both answer for the zone. Rejects with a LabError. */
export async function startBindPair(programs: BindPrograms, options: BindOptions): Promise<BindPair> {
  const { zone = 'lab.test', clusters = ['shop'] } = options;
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
  const addresses = { zone, address: ADDRESS, 'primary-address': ADDRESS, 'secondary-address': ADDRESS };
  await writeFile(join(folders.primary, `${zone}.db`), await renderBindConfig('zone.db', addresses));

  const start = async (ports: { primary: number; secondary: number }): Promise<BindPair> => {
    const common = {
      ...addresses,
      key: keyName,
      cluster: clusters,
      'primary-port': `${ports.primary}`,
      'secondary-port': `${ports.secondary}`,
    };
    const make = async (role: 'primary' | 'secondary'): Promise<Named> => {
      const directory = folders[role];
      await writeFile(
        join(directory, 'named.conf'),
        await renderBindConfig(`named.conf.${role}`, { ...common, directory, port: `${ports[role]}` }),
      );
      return new Named(programs, { folder: directory, address: ADDRESS, port: ports[role], zone });
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
    return { primary, secondary, zone, keyFile, keyName, transferKeyFile: join(folders.primary, 'transfer.key'), stop };
  };
  return await withFreePort(findTwoPorts, start, { isTaken: isListenTaken });
}

async function findTwoPorts(): Promise<{ primary: number; secondary: number }> {
  const primary = await findFreePort([ADDRESS], { udp: true });
  let secondary = primary;
  while (secondary === primary) secondary = await findFreePort([ADDRESS], { udp: true });
  return { primary, secondary };
}
