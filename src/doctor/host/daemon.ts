/** The area `host`: whether a daemon watches, and whether it is the one that this configuration means. */

import { dirname } from 'node:path';
import type { ApiResult } from '../../http/client.ts';
import { type DaemonDocument, isClusterDocument } from '../../http/documents.ts';
import { apiSocketPath } from '../../http/unix-socket.ts';
import type { Check } from '../check.ts';
import { type Found, judged, warning } from '../found.ts';
import type { World } from '../world.ts';

const parts = {
  area: 'host',
  name: 'daemon',
  codes: [
    'daemon-absent',
    'daemon-elsewhere',
    'daemon-silent',
    'daemon-other-version',
    'reload-needed',
    'overloaded',
  ],
} as const;

const here = 'in a shell on this host';

/** `GET /v1/clusters` over this socket, within `otherDaemonMs`. Never rejects. */
type AskOther = (socketPath: string) => Promise<ApiResult>;

/** How long another daemon may take to answer from memory, in milliseconds. */
export const otherDaemonMs = 1000;

export const daemonCheckWith = (askOther: AskOther): Check => ({
  ...parts,
  look: async (world) =>
    judged(parts, world.config.stateDir, await daemonFindings(world, askOther), 'a daemon watches'),
});

async function daemonFindings(world: World, askOther: AskOther): Promise<readonly Found[]> {
  const answer = await world.daemon();
  switch (answer.kind) {
    case 'document':
      return aboutDaemon(answer.body, world);
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
      const elsewhere = await ownElsewhere(world, askOther);
      return elsewhere === undefined ? [absent] : [differs(elsewhere, world)];
    }
  }
}

/** As `DaemonDocument`; an older daemon says less. */
function aboutDaemon(body: unknown, { around: { version }, config }: World): readonly Found[] {
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
  // Its other warnings are about what is configured: the checks of this command say that themselves.
  const warnings = Array.isArray(daemon.warnings) ? daemon.warnings : [];
  const differing = warnings
    .filter(({ code }) => code === 'file-changed' || code === 'file-gone')
    .map(({ code, message }) =>
      warning(
        'reload-needed',
        message,
        ...(code === 'file-changed' ? [{ where: here, lines: [`kill -HUP ${Number(daemon.pid)}`] }] : []),
      ),
    );
  const overloaded = warnings
    .filter(({ code }) => code === 'overloaded')
    .map(({ message }) => warning('overloaded', message, { where: `in ${config.file}`, lines: [shares] }));
  return [...other, ...differing, ...overloaded];
}

/** See docs/SHARES.md. */
const shares = 'share: { instances: [INSTANCE, INSTANCE, INSTANCE], watchers: 2 }';

const starting = warning('daemon-silent', 'the daemon is starting: ask again in a moment', {
  where: here,
  lines: ['systemctl status source-dns'],
});

const absent = warning('daemon-absent', 'no daemon runs with this state_dir: nobody watches', {
  where: here,
  lines: ['systemctl start source-dns'],
});

const differs = (folder: string, { config }: World): Found =>
  warning(
    'daemon-elsewhere',
    `no daemon runs with this state_dir, but the daemon of ${folder} watches the same cluster for the same name: the commands do not find that daemon`,
    { where: `in ${config.file}`, lines: [`state_dir: ${folder}`] },
  );

/** The state directory of a daemon that has one of these clusters. A host may have daemons of strangers. */
async function ownElsewhere(world: World, askOther: AskOther): Promise<string | undefined> {
  const { config, around } = world;
  const folders = otherStateDirs(await around.unixSockets(), config.stateDir);
  const answers = await Promise.all(folders.map((folder) => askOther(apiSocketPath(folder))));
  return folders.find((_, index) => {
    const answer = answers[index];
    return answer?.kind === 'document' && hasOurs(answer.body, world);
  });
}

/** The same cluster with the same published name and one of its servers: labs have equal names. */
function hasOurs(body: unknown, { clusters: ours }: World): boolean {
  const { clusters } = (body ?? {}) as { readonly clusters?: unknown };
  if (!Array.isArray(clusters) || !clusters.every(isClusterDocument)) return false;
  return clusters.some(({ cluster, publications, servers }) =>
    ours.some(
      ({ settings }) =>
        settings.cluster === cluster &&
        meet(
          publications.map(({ name }) => name),
          settings.publications.map(({ source }) => source.name),
        ) &&
        meet(
          servers.map(({ server }) => server),
          settings.servers.map(({ address }) => address),
        ),
    ),
  );
}

const meet = (theirs: readonly string[], ours: readonly string[]): boolean =>
  theirs.some((each) => ours.includes(each));

/**
 * A daemon binds its socket under a name of seven hexadecimal digits, and links that to api.sock: the kernel
 * lists the first name (src/http/unix-socket.ts).
 */
const ownSocket = /\s(\/\S*\/\.[0-9a-f]{7})$/;

/** Other daemons of this host that are asked. */
const mostAsked = 8;

function otherStateDirs(sockets: string, stateDir: string): readonly string[] {
  const folders = sockets.split('\n').flatMap((line) => {
    const [, path] = ownSocket.exec(line) ?? [];
    return path === undefined ? [] : [dirname(path)];
  });
  return [...new Set(folders)].filter((folder) => folder !== stateDir).slice(0, mostAsked);
}
