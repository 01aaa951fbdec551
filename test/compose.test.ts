/** Holds docker-compose.yml, its files in compose/ and the Dockerfile against the program and each other. */

import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { loadConfig } from '../src/config/load.ts';
import { root, textOfFile } from './support/checkout.ts';

interface Service {
  readonly networks?: { readonly shop?: { readonly ipv4_address: string } };
  readonly extra_hosts?: readonly string[];
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly command?: string | readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

const yamlOf = (path: string) => parse(textOfFile(path), { merge: true });
const services: Readonly<Record<string, Service>> = yamlOf('docker-compose.yml').services;
const servers = Object.keys(services).filter((name) => /^db\d$/.test(name));
const mounts = (name: string): ReadonlyMap<string, string> =>
  new Map(
    (services[name]?.volumes ?? []).map((volume) => {
      const [from = '', to = ''] = volume.split(':');
      return [to, from];
    }),
  );
const settings = yamlOf('compose/source-dns.yaml');

test('a source and three replicas are watched, each at its address', () => {
  expect(servers).toHaveLength(4);
  expect(settings.clusters.shop.servers).toEqual(servers);
  expect(services['source-dns']?.extra_hosts).toEqual(
    servers.map((name) => `${name}:${services[name]?.networks?.shop?.ipv4_address}`),
  );
});

test('the configuration loads when its secrets are there, and lets everybody on the network look', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'source-dns-compose-'));
  const secrets = {
    'mysql.password': 'secret\n',
    'api.token': '0123456789abcdef\n',
    'source-dns.key': 'key "k" { algorithm hmac-sha256; secret "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"; };\n',
  };
  try {
    const secretsFolder = join(folder, 'source-dns');
    await mkdir(secretsFolder);
    for (const [name, text] of Object.entries(secrets))
      await writeFile(join(secretsFolder, name), text, { mode: 0o600 });
    const file = join(folder, 'source-dns.yaml');
    await writeFile(file, textOfFile('compose/source-dns.yaml').replaceAll('/secrets', folder));
    expect(await loadConfig(file)).toMatchObject({
      kind: 'loaded',
      config: {
        warnings: [],
        http: { host: services['source-dns']?.networks?.shop?.ipv4_address, port: 8053 },
      },
    });
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('each secret that a service of the user 1000 reads is made', () => {
  const made = String(services['secrets']?.command);
  const read = [textOfFile('compose/source-dns.yaml'), ...[services['web']?.command ?? []].flat()].flatMap(
    (text) => [...text.matchAll(/\/secrets\/(source-dns\/)([\w.-]+)/g)].map(([, , name = '']) => name),
  );
  expect(new Set(read).size).toBe(4);
  const copied = /cp (\S+) (\S+) source-dns\//.exec(made)?.slice(1) ?? [];
  const written = [...made.matchAll(/[>.]\S* ?source-dns\/([\w.-]+)/g)].map(([, name = '']) => name);
  expect([...copied, ...written].toSorted()).toEqual([...new Set(read)].toSorted());
});

test('the web client asks for the name that is published, at a nameserver that is verified', () => {
  const { publish } = settings.clusters.shop;
  const [name, nameserver] = [services['web']?.command ?? []].flat();
  expect(`${name}.`).toBe(publish.source.name);
  expect(settings.nameservers.ns1.verify).toContain(`${nameserver}:53`);
});

test('every file that a service mounts exists', () => {
  const files = Object.keys(services)
    .flatMap((name) => [...mounts(name).values()])
    .filter((path) => path.startsWith('.'));
  expect(files.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  expect(files.length).toBeGreaterThan(5);
});

test('only this host reaches a published port', () => {
  const ports = Object.values(services).flatMap((service) => service.ports ?? []);
  expect(ports).toHaveLength(3);
  expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
});

test('Prometheus scrapes as the folder monitoring says, with the rules of that folder', () => {
  const shipped = yamlOf('monitoring/prometheus.yaml');
  const [target = ''] = shipped.scrape_configs[0].static_configs[0].targets;
  shipped.scrape_configs[0].static_configs[0].targets = [target.replace('127.0.0.1', settings.http.names[0])];
  expect(yamlOf('compose/prometheus.yaml')).toEqual(shipped);
  expect(Object.keys(services)).toContain(settings.http.names[0]);
  const mounted = mounts('prometheus');
  const config = /--config.file=(\S+)/.exec(String(services['prometheus']?.command))?.[1] ?? '';
  expect(mounted.get(config)).toBe('./compose/prometheus.yaml');
  for (const file of shipped.rule_files)
    expect(mounted.get(join(dirname(config), file))).toBe(`./monitoring/${file}`);
});

test('Grafana shows the dashboard of the folder monitoring, and asks that Prometheus', () => {
  const mounted = mounts('grafana');
  const home = services['grafana']?.environment?.['GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH'] ?? '';
  expect(mounted.get(home)).toBe('./monitoring/grafana-dashboard.json');
  expect(yamlOf('compose/grafana/dashboards.yaml').providers[0].options.path).toBe(dirname(home));
  const [source] = yamlOf('compose/grafana/datasource.yaml').datasources;
  expect(source).toMatchObject({ type: 'prometheus', isDefault: true });
  expect(Object.keys(services)).toContain(new URL(source.url).hostname);
  // The dashboard finds its data source by a variable: the default of that type.
  const used = new Set(
    [...textOfFile('monitoring/grafana-dashboard.json').matchAll(/"uid": "(\$[^"]*)"/g)].map(
      ([, uid]) => uid,
    ),
  );
  expect([...used]).toEqual([`\${datasource}`]);
});

test('the image is built from files that .dockerignore lets through', () => {
  const allowed = new Set([...textOfFile('.dockerignore').matchAll(/^!(.*)$/gm)].map(([, path]) => path));
  const imported = [...textOfFile('build.mjs').matchAll(/from '\.\/([^']+)'/g)].map(([, path]) => path);
  const copied = [...textOfFile('Dockerfile').matchAll(/^COPY (package.*) \.\/$/gm)].flatMap(
    ([, paths = '']) => paths.split(' '),
  );
  const needed = [...imported, ...copied, 'build.mjs', 'tsconfig.json', 'tsconfig.build.json', 'src'];
  expect(needed.filter((path) => !allowed.has(path))).toEqual([]);
  expect(imported.length).toBeGreaterThan(0);
});
