/** The configuration for a user who may not read the secrets. */

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of the configuration, not of JavaScript
import { expect, test } from 'vitest';
import { formatConfigError } from '../../../src/config/config-error.ts';
import { loadConfig, loadOutline } from '../../../src/config/load.ts';
import { around, folderWith, minimal } from './folder.ts';

const hidden = minimal({
  mysql: '{ user: a, password_file: "${CREDENTIALS}/mysql.password", ca_file: gone.pem, tls: verify }',
  nameserver: '{ address: 192.0.2.53, key_file: "${CREDENTIALS}/ddns.key" }',
  more: `state_dir: state
hooks:
  after_move:
    - { url: "https://\${CHAT}/\${TOKEN}", headers: { Authorization: "Bearer \${TOKEN}" } }
    - { command: [/bin/true, "\${WHAT}"], env: { TOKEN: "\${TOKEN}" } }
`,
});

test('needs no secret, no key and no variable that a secret comes from', async () => {
  const folder = await folderWith({ 'source-dns.yaml': hidden });
  expect(await loadOutline(undefined, around(folder))).toMatchObject({
    kind: 'outline',
    config: {
      instance: 'host-1',
      stateDir: `${folder}/state`,
      clusters: [{ settings: { cluster: 'shop' } }],
    },
  });
  expect(await loadConfig(undefined, around(folder))).toMatchObject({ kind: 'invalid' });
  const homeless = await loadOutline(undefined, around(await folderWith({ 'source-dns.yaml': minimal() })));
  expect(homeless).toMatchObject({
    config: { stateDirByUser: true, stateDir: '/home/dba/.local/state/source-dns' },
  });
  const literal = await folderWith({ 'source-dns.yaml': minimal() });
  expect(await loadOutline(undefined, around(literal))).toMatchObject({ kind: 'outline' });
});

test('has every other mistake, and a variable anywhere else must be set', async () => {
  const wrong = hidden.replace('[db1.example.com, db2.example.com]', '["${HOST}", db2.example.com]');
  const folder = await folderWith({ 'source-dns.yaml': wrong.replace('mode: active', 'mode: actve') });
  const result = await loadOutline(undefined, around(folder));
  const told = result.kind === 'invalid' ? result.errors.map(formatConfigError) : [];
  expect(told.map((text) => text.replaceAll(`${folder}/`, ''))).toEqual([
    'source-dns.yaml:3:15: the environment variable HOST is not set; set it, or write the value here',
    expect.stringContaining('did you mean "active"?'),
  ]);
});
