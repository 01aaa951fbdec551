/** The texts that `init` writes: the configuration is read by the program itself. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadConfig } from '../../../src/config/load.ts';
import type { Surroundings } from '../../../src/config/surroundings.ts';
import type { Fqdn, ServerAddress } from '../../../src/core/model/units.ts';
import { grantsText, newAccountSql, newPassword } from '../../../src/setup/account-texts.ts';
import { nextSteps } from '../../../src/setup/next-steps.ts';
import type { Setup } from '../../../src/setup/setup.ts';
import { files, given, secrets, textOf, unit } from './given-setup.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sd-setup-'));
  await writeFile(join(folder, 'mysql.password'), 'tiger\n', { mode: 0o600 });
  await writeFile(join(folder, 'source-dns.key'), secrets.key, { mode: 0o600 });
});
afterEach(() => rm(folder, { recursive: true }));

const around = (env: Surroundings['env'] = {}): Surroundings => ({
  env,
  cwd: '/',
  home: '/home/eve',
  systemFile: '/nowhere',
  hostName: 'watcher-1',
});

async function loaded(text: string, env: Surroundings['env'] = {}) {
  const file = join(folder, 'source-dns.yaml');
  await writeFile(file, text, { mode: 0o640 });
  const result = await loadConfig(file, around(env));
  if (result.kind === 'invalid') throw new Error(JSON.stringify(result.errors));
  return result.config;
}

const configuration = (setup: Setup = given()): string => textOf(setup, 'source-dns.yaml');

describe('the configuration', () => {
  test('is read without a warning, and has what was chosen', async () => {
    const { clusters, nameservers, warnings, stateDir } = await loaded(configuration());
    expect(warnings).toEqual([]);
    expect(stateDir).toBe('/var/lib/source-dns');
    expect(clusters[0]?.settings).toMatchObject({
      cluster: 'shop',
      mode: 'observe',
      servers: [
        { address: 'db1.example.com:3306', candidate: 'auto' },
        { address: '[2001:db8::2]:3307', candidate: 'never' },
      ],
      publications: [
        { zone: 'db.example.com.', source: { name: 'source.shop.db.example.com.' }, adopt: false },
      ],
    });
    expect(nameservers.get('ns1')).toMatchObject({
      address: '192.0.2.53',
      verify: [
        { host: '192.0.2.53', port: 53 },
        { host: '2001:db8::54', port: 53 },
      ],
      key: { file: join(folder, 'source-dns.key'), name: 'source-dns-key' },
    });
  });

  test('every commented key is a default: without its "# " nothing changes', async () => {
    const text = configuration();
    const shown = text.replace(/^(\s*)# ((?: {2})*[a-z_]+:(?: \S+)?)$/gm, '$1$2');
    expect(shown.split('\n').filter((line, at) => line !== text.split('\n')[at]).length).toBeGreaterThan(25);
    const settingsOf = async (each: string) => {
      const { files: _, ...settings } = await loaded(each);
      return settings;
    };
    expect(await settingsOf(shown)).toEqual(await settingsOf(text));
  });

  test('the service reads the copies of systemd, and a command the files beside the configuration', async () => {
    const credentials = await mkdtemp(join(folder, 'credentials-'));
    await writeFile(join(credentials, 'mysql.password'), 'lion\n', { mode: 0o400 });
    await writeFile(join(credentials, 'source-dns.key'), secrets.key, { mode: 0o400 });
    const passwordOf = (config: Awaited<ReturnType<typeof loaded>>) =>
      config.clusters[0]?.mysql.password.reveal();
    expect(passwordOf(await loaded(configuration()))).toBe('tiger');
    expect(passwordOf(await loaded(configuration(), { CREDENTIALS_DIRECTORY: credentials }))).toBe('lion');
  });

  test.each([`\${HOME}`, 'null', "o'neill: #1", '12', '  lead', 'a,b}', '"q"'])(
    'the account %s stays what it is',
    async (user) => {
      const { mysql } = given();
      const { clusters } = await loaded(configuration(given({ mysql: { ...mysql, user } })));
      expect(clusters[0]?.mysql.user).toBe(user);
    },
  );

  test('names of the longest length, a nameserver with a host name, no nameserver of the zone', async () => {
    const label = 'a'.repeat(63);
    const source = `${label}.${label}.${label}.${'b'.repeat(33)}.db.example.com.`.slice(-242) as Fqdn;
    const { nameservers, clusters } = await loaded(
      configuration(
        given({
          names: { source, replicas: undefined },
          nameserver: { host: 'ns1.example.com', port: 5353 },
          zone: { name: 'db.example.com.' as Fqdn, exists: true, verify: [] },
        }),
      ),
    );
    expect(clusters[0]?.settings.publications[0]).toMatchObject({ source: { name: source } });
    expect(clusters[0]?.settings.publications[0]?.replicas).toBeUndefined();
    expect(nameservers.get('ns1')).toMatchObject({ address: 'ns1.example.com', port: 5353 });
    expect(nameservers.get('ns1')?.verify).toBeUndefined();
  });

  test('a laboratory, and a name that is taken over', async () => {
    const servers = [{ address: '127.0.0.11:3306' as ServerAddress, candidate: 'auto' as const, note: '' }];
    const { clusters } = await loaded(configuration(given({ servers, allowLoopback: true, adopt: true })));
    expect(clusters[0]?.settings).toMatchObject({ allowLoopback: true, publications: [{ adopt: true }] });
  });
});

describe('the account', () => {
  const account = { user: "o'neill", hosts: '%', product: 'mysql' as const };

  test('is one statement a line, with the password as it is', () => {
    const statements = newAccountSql(account, "a$&b'c");
    expect(statements[0]).toBe("CREATE USER 'o''neill'@'%' IDENTIFIED BY 'a$&b''c';");
    expect(statements.every((statement) => /^[A-Z].*;$/.test(statement))).toBe(true);
    expect(grantsText({ ...account, product: 'mariadb' })).toContain(
      "\nGRANT REPLICA MONITOR ON *.* TO 'o''neill'@'%';\n",
    );
    expect(grantsText(account)).not.toContain('CREATE USER');
  });

  test('a new password has all kinds of letters, and is never the same', () => {
    const made = Array.from({ length: 20 }, newPassword);
    expect(new Set(made).size).toBe(20);
    for (const password of made)
      expect(password).toMatch(/^(?=.*[A-Z])(?=.*[a-z])(?=.*\d)(?=.*[-_.+])[-A-Za-z0-9_.+]{28}$/);
  });
});

describe('the unit', () => {
  test('is that of the package where nothing differs', () => {
    expect(textOf(given(), 'source-dns.service')).toBe(unit);
  });

  test('has the paths of the set-up, and the key that exists', () => {
    const places = { ...given().places, installed: '/srv/sd', stateDir: '/srv/state', program: '/opt/sd' };
    const key = { name: 'k', file: '/etc/bind/keys/ddns.key' };
    const text = textOf(given({ places, key }), 'source-dns.service');
    expect(text).toContain('\nExecStart=/opt/sd --config /srv/sd/source-dns.yaml run\n');
    expect(text).toContain('\nLoadCredential=mysql.password:/srv/sd/mysql.password\n');
    expect(text).toContain('\nLoadCredential=ddns.key:/etc/bind/keys/ddns.key\n');
    expect(text).toContain('\nReadWritePaths=/srv/state\n');
    expect(text).not.toMatch(/^(?:StateDirectory|LoadCredential=source-dns.key)=/m);
    expect(textOf(given({ key }), 'source-dns.yaml')).toContain(
      `key_file: \${CREDENTIALS_DIRECTORY:-/etc/bind/keys}/ddns.key\n`,
    );
  });
});

test('a file with a secret is for its owner only, and a file for named has none', () => {
  const setup = given({ zone: { ...given().zone, exists: false } });
  const isSecret = (text: string) => Object.values(secrets).some((secret) => text.includes(secret));
  for (const { name, mode, secret, text } of files(setup)) {
    expect([name, secret, secret ? mode : 0o600]).toEqual([name, isSecret(text), 0o600]);
    if (/named|\.db$|\.service$/.test(name)) expect([name, mode]).toEqual([name, 0o644]);
  }
});

test('the steps are commands that a shell understands, also where a folder has a space', () => {
  const steps = nextSteps(given({ zone: { ...given().zone, exists: false } }), "/home/eve/it's here");
  const commands = steps.flatMap((step) => step.commands);
  expect(commands.find((command) => command.startsWith('scp'))).toContain(
    "'/home/eve/it'\\''s here/source-dns.key'",
  );
  expect(commands.find((command) => command.startsWith('cp '))).toBe(
    "cp --no-clobber --preserve=mode '/home/eve/it'\\''s here'/* /etc/source-dns/",
  );
  expect(steps.map(({ text }) => text.split(/[ ,]/)[0])).toEqual([
    'Copy',
    'Let',
    'Delegate',
    'Put',
    'Let',
    'Check',
    'Start',
    'Look',
    'When',
  ]);
});
