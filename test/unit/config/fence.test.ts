/** The section `fence` of a cluster. */

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of the configuration, not of JavaScript
import { expect, test } from 'vitest';
import { loadConfig, loadOutline } from '../../../src/config/load.ts';
import { around, complaints, folderWith, keyText, load, minimal, withPassword } from './folder.ts';

const fenced = (fence: string, servers?: string) =>
  minimal({ cluster: `fence: ${fence}`, ...(servers !== undefined && { servers }) });

async function complaint(text: string): Promise<string | undefined> {
  const found = await complaints(text, withPassword);
  expect(found.length).toBeLessThan(2);
  return found[0]?.replace(/^\S+:\d+:\d+: /, '');
}

test('absent: neither the core nor the adapters know of a fence', async () => {
  const { result } = await load(minimal(), withPassword);
  expect(result).toMatchObject({ kind: 'loaded' });
  const [cluster] = result.kind === 'loaded' ? result.config.clusters : [];
  expect(cluster).not.toHaveProperty('fence');
  expect(cluster?.settings).not.toHaveProperty('fence');
});

test('its defaults, and its password from a file that is one of those in use', async () => {
  const folder = await folderWith({
    'source-dns.yaml': fenced('{ user: source_dns_fence, password_file: fence.password }'),
    'mysql.password': 'tiger\n',
    'fence.password': 'lion\n',
    'ddns.key': keyText,
  });
  const result = await loadConfig(undefined, around(folder, withPassword));
  if (result.kind !== 'loaded') throw new Error(JSON.stringify(result.errors));
  const [cluster] = result.config.clusters;
  expect(cluster?.settings.fence).toEqual({ timeoutMs: 5000, kill: 'clients' });
  expect(cluster?.fence).toMatchObject({
    user: 'source_dns_fence',
    kill: 'clients',
    spare: [],
    timeoutMs: 5000,
  });
  expect(cluster?.fence?.password.reveal()).toBe('lion');
  expect(result.config.files.map(({ role }) => role)).toContain('clusters.shop.fence.password_file');
  expect(JSON.stringify(result.config)).not.toContain('lion');
  // A command that only asks the daemon needs no secret.
  const outline = fenced('{ user: f, password: "${FENCE_PASSWORD}" }');
  expect(
    await loadOutline(undefined, around(await folderWith({ 'source-dns.yaml': outline }))),
  ).toMatchObject({ kind: 'outline' });
});

test('everything that it can say', async () => {
  const { result } = await load(
    fenced('{ user: f, password: "${LION}", kill: clients, spare: [backup, "pmm*"], timeout: 3s }'),
    { ...withPassword, LION: 'lion' },
  );
  const [cluster] = result.kind === 'loaded' ? result.config.clusters : [];
  expect(cluster?.fence).toMatchObject({ spare: ['backup', 'pmm*'], timeoutMs: 3000 });
  expect(cluster?.settings.fence).toEqual({ timeoutMs: 3000, kill: 'clients' });
});

test.each([
  ['{ user: f }', 'has no password; write "password_file: /etc/source-dns/fence.password"'],
  ['{ password: x }', 'clusters.shop.fence.user: is missing'],
  ['{ user: f, password: x, password_file: y }', 'cannot be used together with password; remove one'],
  ['{ user: f, password: x, timeout: 2s }', '"2s" is too short; at least 3s'],
  ['{ user: f, password: x, timeout: 2m }', '"2m" is too long; at most 60s'],
  ['{ user: f, password: x, kill: all }', 'clusters.shop.fence.kill: '],
  ['{ user: f, password: x, spares: [a] }', 'did you mean "spare"?'],
  ['{ user: f, password: x, spare: ["*"] }', '"*" spares every client; write "kill: none"'],
  ['{ user: f, password: x, spare: ["a@%"] }', '"a@%" has a host; write the user alone'],
  ['{ user: f, password: x, spare: [a], kill: none }', 'is not used with "kill: none"'],
  ['{ user: source_dns, password: x }', '"source_dns" is the account that watches; create a second one'],
])('a mistake in it is told, and no secret: %s', async (fence, expected) => {
  const found = await complaints(fenced(fence), withPassword);
  expect(found.join('\n')).toContain(expected);
});

test.each([
  '[db1.example.com, shop.abc.eu-central-1.rds.amazonaws.com]',
  '[db1.example.com, { host: SHOP.cluster-abc.cn-north-1.rds.amazonaws.com.cn }]',
  '[db1.example.com, "shop.abc.eu-central-1.rds.amazonaws.com:3307"]',
])('hosts of RDS and Aurora cannot be fenced: %s', async (servers) => {
  expect(await complaint(fenced('{ user: f, password: x }', servers))).toMatch(
    /^clusters\.shop\.fence: is not possible with \S+: no account of RDS or Aurora may set super_read_only, /,
  );
  expect(await complaint(minimal({ servers }))).toBeUndefined();
});
