/** The area `host`: whether a daemon watches, and whether it is the one that this configuration means. */

import { dirname } from 'node:path';
import type { DaemonDocument } from '../../http/documents.ts';
import type { Check } from '../check.ts';
import { type Found, judged, warning } from '../found.ts';
import type { World } from '../world.ts';

const parts = {
  area: 'host',
  name: 'daemon',
  codes: ['daemon-absent', 'daemon-elsewhere', 'daemon-silent', 'daemon-other-version', 'reload-needed'],
} as const;

const here = 'in a shell on this host';

export const daemonCheck: Check = {
  ...parts,
  look: async (world) =>
    judged(parts, world.config.stateDir, await daemonFindings(world), 'a daemon watches'),
};

async function daemonFindings(world: World): Promise<readonly Found[]> {
  const { config, around } = world;
  const answer = await world.daemon();
  switch (answer.kind) {
    case 'document':
      return aboutDaemon(answer.body, around.version);
    case 'problem':
      return [starting];
    case 'failed':
      return [
        warning('daemon-silent', answer.failure.message, {
          where: here,
          lines: ['systemctl status source-dns'],
        }),
      ];
    case 'no-daemon': {
      const elsewhere = otherStateDirs(await around.unixSockets(), config.stateDir);
      return elsewhere.length > 0 ? [differs(elsewhere, world)] : [absent];
    }
  }
}

/** As `DaemonDocument`; an older daemon says less. */
function aboutDaemon(body: unknown, version: string): readonly Found[] {
  const { daemon } = (body ?? {}) as { readonly daemon?: Partial<DaemonDocument> };
  if (daemon === undefined) return [];
  const other =
    daemon.version === undefined || daemon.version === version
      ? []
      : [
          warning(
            'daemon-other-version',
            `the daemon is version ${daemon.version}, and this program ${version}`,
            {
              where: here,
              lines: ['systemctl restart source-dns'],
            },
          ),
        ];
  const differing = (Array.isArray(daemon.warnings) ? daemon.warnings : []).map(({ code, message }) =>
    warning(
      'reload-needed',
      message,
      ...(code === 'file-changed' ? [{ where: here, lines: [`kill -HUP ${Number(daemon.pid)}`] }] : []),
    ),
  );
  return [...other, ...differing];
}

const starting = warning('daemon-silent', 'the daemon is starting: ask again in a moment', {
  where: here,
  lines: ['systemctl status source-dns'],
});

const absent = warning('daemon-absent', 'no daemon runs with this state_dir: nobody watches', {
  where: here,
  lines: ['systemctl start source-dns'],
});

const differs = (found: readonly string[], { config }: World): Found =>
  warning(
    'daemon-elsewhere',
    `no daemon runs with this state_dir, but one listens in ${found.join(', ')}: the commands do not find it`,
    { where: `in ${config.file}`, lines: [`state_dir: ${found[0]}`] },
  );

/**
 * A daemon binds its socket under a name of seven hexadecimal digits, and links that to api.sock: the kernel
 * lists the first name (src/http/unix-socket.ts).
 */
const ownSocket = /\s(\/\S*\/\.[0-9a-f]{7})$/;

function otherStateDirs(sockets: string, stateDir: string): readonly string[] {
  const folders = sockets.split('\n').flatMap((line) => {
    const [, path] = ownSocket.exec(line) ?? [];
    return path === undefined ? [] : [dirname(path)];
  });
  return [...new Set(folders)].filter((folder) => folder !== stateDir).slice(0, 5);
}
