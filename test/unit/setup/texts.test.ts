/** The texts that `init` writes: the configuration is read by the program itself. */

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadConfig } from '../../../src/config/load.ts';
import type { Surroundings } from '../../../src/config/surroundings.ts';
import type { Fqdn, ServerAddress } from '../../../src/core/model/units.ts';
import { grantsText, newAccountSql, newPassword } from '../../../src/setup/account-texts.ts';
import { addedByHand } from '../../../src/setup/added-by-hand.ts';
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
  expect(commands.find((command) => command.includes('scp'))).toContain(
    "scp '/home/eve/it'\\''s here/source-dns.key' root@192.0.2.53:/var/lib/bind/source-dns-key.key",
  );
  expect(commands.find((command) => command.includes(' cp --no'))).toContain(
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

describe('a second instance', () => {
  const first = given();
  const second = given({ cluster: 'two', key: { name: 'source-dns-b', file: undefined } });
  const commandsOf = (setup: Setup) => nextSteps(setup, '/srv/x').flatMap(({ commands }) => commands);

  test('copies no file over one of the first, and nothing over a file of the same name', () => {
    const targets = (setup: Setup) =>
      commandsOf(setup)
        .join('\n')
        .match(/named\.conf\.[a-z-]+|\/var\/lib\/bind\/\S+\.key/g)
        ?.filter((name) => name !== 'named.conf.new');
    expect(targets(second)?.filter((name) => targets(first)?.includes(name))).toEqual([]);
    expect(commandsOf(second)[0]).toMatch(
      /^ssh root@192\.0\.2\.53 'test ! -e \/var\/lib\/bind\/source-dns-b\.key && test ! -e \/etc\/bind\/named\.conf\.source-dns-b && /,
    );
    expect(textOf(second, 'named.conf.source-dns-b')).toContain('include "/var/lib/bind/source-dns-b.key";');
  });

  test('adds its grants to the policy that is there', () => {
    const rights = nextSteps(second, '/srv/x').find(({ text }) => text.includes('update-policy'));
    expect(rights?.text).toContain('\n     grant source-dns-b name source.shop.db.example.com A AAAA;\n');
    expect(rights?.text).toContain('keep the lines that are there');
  });

  test('of a new zone has a transfer key of its own', () => {
    const other = { ...first.zone, exists: false, name: 'other.example.com.' as Fqdn };
    const names = files(given({ zone: { ...first.zone, exists: false } })).map(({ name }) => name);
    expect(names).toContain('transfer.db.example.com.key');
    expect(textOf(given({ zone: other }), 'transfer.other.example.com.key')).toContain(
      'key "transfer.other.example.com" {',
    );
  });

  test('with a key that exists leaves the key that is there, and all of the first', () => {
    const [copy = ''] = commandsOf(given({ key: { name: 'ddns', file: '/etc/keys/d.key' } }));
    expect(copy).toContain(
      `'test ! -e /etc/bind/named.conf.ddns && test ! -e /etc/bind/named.conf.ddns-zone' &&`,
    );
    expect(copy).toContain(
      `{ ssh root@192.0.2.53 'test -e /var/lib/bind/ddns.key' || scp /etc/keys/d.key root@192.0.2.53:/var/lib/bind/ddns.key; } &&`,
    );
  });

  // The commands themselves: the second run changes nothing, and a file that named refuses is not used.
  test.each([
    ['true', 1],
    ['false', 0],
  ])('the line in named.conf is added once, and only if named takes it: %s', async (named, count) => {
    const conf = join(folder, 'named.conf');
    await writeFile(conf, '# theirs\n');
    const command = commandsOf(first).find((each) => each.startsWith('grep'));
    const script = (command ?? '')
      .replaceAll('/etc/bind/named.conf ', `${conf} `)
      .replaceAll('/etc/bind/named.conf;', `${conf};`)
      .replaceAll('/etc/bind/named.conf.new', `${conf}.new`)
      .replaceAll('named-checkconf -z', named);
    for (let time = 0; time < 2; time++) await execa('sh', ['-c', script], { reject: false });
    const text = await readFile(conf, 'utf8');
    expect(text.split('include "/etc/bind/named.conf.source-dns-key";').length - 1).toBe(count);
    expect(text.startsWith('# theirs\n')).toBe(true);
  });

  test('becomes active without the first: the mode of one cluster changes', async () => {
    const command = commandsOf(given({ cluster: 'a.b' })).find((each) => each.startsWith('sed')) ?? '';
    const file = join(folder, 'source-dns.yaml');
    const block = (name: string, mode: string) => `  ${name}:\n    # x\n    mode: ${mode}\n`;
    await writeFile(file, ['a-b', 'a.b', 'c'].map((name) => block(name, 'observe')).join(''));
    await execa('sh', ['-c', command.replace('/etc/source-dns/source-dns.yaml', file)]);
    expect(await readFile(file, 'utf8')).toBe(
      block('a-b', 'observe') + block('a.b', 'active') + block('c', 'observe'),
    );
  });
});

test('a second cluster by hand: its own password, its nameserver, and the rights in a new zone', () => {
  const known = {
    clusters: new Set(['shop']),
    nameservers: new Map([['ns1', { host: '192.0.2.53', port: 53, keyName: 'another' }]]),
  };
  const setup = given({ cluster: 'two', zone: { ...given().zone, exists: false } });
  const steps = addedByHand(setup, { folder: '/etc/source-dns', known, newPassword: true });
  const all = steps.map(({ text }) => text).join('\n');
  expect(all).toContain('LoadCredential=two.password:/etc/source-dns/two.password');
  expect(all).toContain('/two.password\n');
  // ns1 of the file signs with another key.
  expect(all).toContain('      nameserver: ns2\n');
  expect(all).toMatch(/Under "nameservers:":\n\n {2}ns2:\n/);
  expect(all).toContain('Make the new zone db.example.com.');
});

test('a state folder outside of /var/lib is made for the user, before the first check', () => {
  const stateDir = '/srv/sd';
  const steps = nextSteps(given({ places: { ...given().places, stateDir } }), '/etc/source-dns');
  const commands = steps.flatMap((step) => step.commands);
  const made = commands.indexOf('install -d -o source-dns -g source-dns -m 0750 /srv/sd');
  expect(made).toBeGreaterThan(commands.findIndex((command) => command.includes('useradd')));
  expect(made).toBeLessThan(commands.findIndex((command) => command.endsWith(' check')));
  expect(
    nextSteps(given(), '/etc/source-dns')
      .flatMap((step) => step.commands)
      .join(),
  ).not.toContain('install -d -o');
});
