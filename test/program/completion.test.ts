/** The completion in a real bash, with the built program. */

import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { builtProgram, place } from './built-program.ts';

const program = builtProgram();

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
  await writeFile(named, `#!/bin/sh\nexec ${process.execPath} ${program} "$@"\n`, { mode: 0o755 });
  await writeFile(
    join(here.folder, 'try.sh'),
    `\
source <("$PROGRAM" completion bash)
while IFS= read -r line; do
  COMP_LINE="source-dns $line" COMP_POINT=$((11 + \${#line}))
  _source_dns "$PROGRAM"
  echo "$line => \${COMPREPLY[*]}"
done
`,
  );
  // As cron and a bare login have it; without a terminal.
  const env = { PATH: '/usr/bin:/bin', PROGRAM: named };
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
});
