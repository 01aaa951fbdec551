/** An operator at a shell, with the built program: without the right to read a secret, and with TAB. */

import { execFileSync } from 'node:child_process';
import { chmod, chown, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Ended, type Place, place, program, start } from './built-program.ts';

/** Nobody else has these numbers. */
const [operator, group] = ['54321', '54322'];

const command = (here: Place, words: readonly string[], as: readonly string[] = []) =>
  start([...as, process.execPath, program, '--config', here.config, ...words], {
    env: { PATH: process.env['PATH'] },
  });

/** Runs as another user, who is in the group. */
const asOperator = (here: Place, ...words: readonly string[]): Promise<Ended> =>
  command(here, words, ['/usr/bin/setpriv', '--reuid', operator, '--regid', group, '--clear-groups']).ended;

// Only root can become another user.
test.runIf(process.geteuid?.() === 0)(
  'a member of the group needs no secret where a daemon runs',
  async () => {
    const here = await place();
    await mkdir(here.stateDir);
    for (const folder of [here.folder, here.stateDir]) {
      await chown(folder, 0, Number(group));
      await chmod(folder, 0o750);
    }
    await chmod(here.config, 0o644);
    for (const secret of ['password', 'ddns.key']) await chmod(join(here.folder, secret), 0o600);
    // The operator's shell has no such variable.
    const text = await readFile(here.config, 'utf8');
    await writeFile(here.config, text.replace('password_file: password', 'password: "$' + '{DB_PASSWORD}"'));
    const daemon = start([process.execPath, program, '--config', here.config, 'run'], {
      env: { PATH: process.env['PATH'], DB_PASSWORD: 'tiger' },
    });
    await daemon.said('"started"');
    await chown(here.socket, 0, Number(group));

    const status = await asOperator(here, 'status');
    expect(status).toMatchObject({ code: 4, err: '' });
    expect(status.out).toMatch(
      /^daemon watcher-1 watches since 20\S+Z, \d+ s \(source-dns 0\.0\.0-test, pid \d+\)\n/,
    );
    expect(await asOperator(here, 'freeze', 'shop')).toMatchObject({
      err: '',
      out: expect.stringMatching(/^ns1: unreachable \(/),
    });
    daemon.child.kill('SIGTERM');
    await daemon.ended;

    const json = await asOperator(here, '--json', 'status');
    expect({ ...json, out: JSON.parse(json.out) }).toMatchObject({
      code: 2,
      err: '',
      out: {
        code: 'configuration-invalid',
        detail: expect.stringContaining('no daemon listens on'),
        errors: [{ line: expect.any(Number), column: expect.any(Number) }, {}],
      },
    });

    await chmod(here.config, 0o600);
    expect(await asOperator(here, 'status')).toMatchObject({
      code: 2,
      err: `${here.config}: the configuration file cannot be read by this user; change its owner or its permissions\n`,
    });
  },
);

/** What the user has typed up to the cursor. The program is the first word. */
const lines = [
  's',
  'status -',
  'status --wa',
  'status ',
  'follow shop 127',
  'follow shop 127.0.0.1:',
  'follow --reason "x y" shop 127.0.0.1:',
  'follow shop db --dry',
  'explain shop ',
  'history --kind=m',
  'history --kind mo',
  'completion ',
  '--config source-dns.y',
  'help expl',
  'nothing ',
];

test('bash completes commands, options, clusters and servers', async () => {
  const here = await place();
  const named = join(here.folder, 'source-dns');
  await writeFile(
    named,
    `#!/bin/sh\necho >>${here.folder}/started\nexec ${process.execPath} ${program} "$@"\n`,
    { mode: 0o755 },
  );
  await writeFile(
    join(here.folder, 'try.sh'),
    `\
source <(source-dns completion bash)
# As some people have it in their shell.
set -u
IFS=:
while IFS= read -r line; do
  COMP_LINE="source-dns $line" COMP_POINT=$((11 + \${#line}))
  _source_dns source-dns
  (IFS=" "; echo "$line => \${COMPREPLY[*]}")
done
`,
  );
  // As cron and a bare login have it; without a terminal.
  const env = { PATH: `${here.folder}:/usr/bin:/bin` };
  const out = execFileSync('bash', ['--norc', join(here.folder, 'try.sh')], {
    cwd: here.folder,
    env,
    input: `${lines.join('\n')}\n`,
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'inherit'],
    timeout: 30_000,
  });
  const completed = Object.fromEntries(out.split('\n').map((line) => line.split(' => ')));
  expect(completed).toMatchObject({
    s: 'status schema',
    'status -': expect.stringContaining('--watch'),
    'status --wa': '--watch',
    'status ': 'shop',
    // bash breaks the word at the colon, so only what follows it is replaced.
    'follow shop 127': '127.0.0.1:1 127.0.0.1:2',
    'follow shop 127.0.0.1:': '1 2',
    'follow --reason "x y" shop 127.0.0.1:': '1 2',
    'follow shop db --dry': '--dry-run',
    'explain shop ': '',
    'history --kind=m': 'moves',
    'history --kind mo': 'moves',
    'completion ': 'bash zsh fish',
    '--config source-dns.y': 'source-dns.yaml',
    'help expl': 'explain',
    'nothing ': '',
  });
  // The script itself, and once the names, although several lines need them.
  expect(await readFile(join(here.folder, 'started'), 'utf8')).toBe('\n\n');
});
