/** The area `configuration`: what works, but is probably not meant. Errors end the command before. */

import { whyNotRunnable } from '../config/hook-program.ts';
import type { LoadedCluster } from '../config/loaded.ts';
import { splitAddress } from '../core/model/observation.ts';
import type { Check } from './check.ts';
import type { Finding, Mend } from './finding.ts';
import { type Found, judged, warning } from './found.ts';
import type { World } from './world.ts';

const area = 'configuration';

/** The words of src/config/secret-files.ts. */
const openFile =
  /^(?:\S+: )?(\/.*?) ((?:contains a password and )?can be .* by every user of this host); run chmod 0640 on it$/;

/** The check of the hooks says it with its mend (src/config/hooks.ts). */
const ofHookProgram = /^hooks\.\w+\[\d+\]\.command: /;

export const documentCheck: Check = {
  area,
  name: 'document',
  codes: ['config-warning', 'file-open'],
  async look({ config }) {
    const all = config.warnings
      .filter((text) => !ofHookProgram.test(text))
      .map((text): Found => {
        const [, file, rights] = openFile.exec(text) ?? [];
        if (file === undefined) return warning('config-warning', text);
        return {
          ...warning('file-open', `the file ${rights}`, {
            where: 'in a shell on this host',
            lines: [`chmod 0640 '${file.replaceAll("'", "'\\''")}'`],
          }),
          subject: file,
        };
      });
    return judged({ area, name: 'document' }, config.file, all, 'has no errors');
  },
};

/** The end of a reason, where one command mends it (src/config/hook-program.ts). */
const hookMend = /; (?:make it executable|convert it): ((?:chmod \+x|sed -i 's\/\\r\$\/\/') (\S+))/;

/** Without a hook there is nothing to look at. */
export const hooksCheck: Check = {
  area,
  name: 'hooks',
  codes: ['hook-not-executable'],
  async look({ config, around }) {
    const { afterMove, onAlarm } = config.hooks;
    const programs = [...afterMove, ...onAlarm].flatMap((hook) =>
      hook.kind === 'command' ? [hook.program] : [],
    );
    const found = await Promise.all(
      [...new Set(programs)].map(async (program) => {
        const why = await whyNotRunnable(program, around.env['PATH']);
        const [, line] = why === undefined ? [] : (hookMend.exec(why) ?? []);
        const mends = line === undefined ? [] : [{ where: 'in a shell on this host', lines: [line] }];
        const all = why === undefined ? [] : [warning('hook-not-executable', why, ...mends)];
        return judged({ area, name: 'hooks' }, program, all, 'this user can run it');
      }),
    );
    return found.flat();
  },
};

/** One look at each cluster. */
function clusterLook(
  parts: Pick<Check, 'name' | 'codes'>,
  ok: string,
  look: (cluster: LoadedCluster, world: World) => readonly Found[],
): Check {
  return {
    area,
    ...parts,
    look: async (world) =>
      world.clusters.flatMap((cluster): readonly Finding[] =>
        judged({ area, name: parts.name }, cluster.settings.cluster, look(cluster, world), ok),
      ),
  };
}

const inCluster = ({ config }: World, { settings }: LoadedCluster, section: string): string =>
  `in ${config.file}, under clusters: ${settings.cluster}: ${section}`;

const tlsRisks = {
  disabled: 'the connections are not encrypted, and a false server in between can get the password',
  preferred:
    'no certificate is checked, so a false server at the address of a server gets the password of the account',
  required:
    'no certificate is checked, so a false server at the address of a server gets the password of the account',
} as const;

export const passwordCheck: Check = clusterLook(
  { name: 'tls', codes: ['tls-unverified'] },
  'only a server with the right certificate gets the password',
  (cluster, world) => {
    const { tls } = cluster.mysql;
    if (tls === 'verify') return [];
    const mend: Mend = {
      where: inCluster(world, cluster, 'mysql'),
      lines: ['tls: verify', 'ca_file: <the certificate of the authority, as PEM>'],
    };
    const both = cluster.fence === undefined ? '' : ', and that of the account of fence';
    return [warning('tls-unverified', `"tls: ${tls}": ${tlsRisks[tls]}${both}`, mend)];
  },
);

export const serversCheck: Check = clusterLook(
  { name: 'servers', codes: ['ports-differ', 'server-in-two-clusters'] },
  'clients find every server at one port, and no other cluster has one of the servers',
  (cluster, world) => [...portsThatDiffer(cluster, world), ...sharedServers(cluster, world)],
);

function portsThatDiffer(cluster: LoadedCluster, world: World): readonly Found[] {
  const { servers, publications } = cluster.settings;
  const candidates = servers.filter(({ candidate }) => candidate !== 'never');
  const ports = [...new Set(candidates.map(({ address }) => splitAddress(address).port))];
  const source = publications[0]?.source;
  if (ports.length < 2 || source === undefined || publications.every((each) => each.source.srv)) return [];
  const alias = source.type === 'cname';
  return [
    warning(
      'ports-differ',
      `the candidates have the ports ${ports.join(', ')}, and an address has no port: after a move, clients would need another one. Give all servers one port${alias ? '' : ', or publish an SRV RRset for clients that read it'}`,
      ...(alias
        ? []
        : [
            {
              where: inCluster(world, cluster, 'publish: source'),
              lines: ['srv: true'],
            },
          ]),
    ),
  ];
}

function sharedServers(cluster: LoadedCluster, { config }: World): readonly Found[] {
  const others = config.clusters.filter(({ settings }) => settings.cluster !== cluster.settings.cluster);
  return cluster.settings.servers.flatMap(({ address }): readonly Found[] => {
    const shared = others.filter(({ settings }) =>
      settings.servers.some((server) => server.address === address),
    );
    // Once for each pair: at the later one of the two.
    const earlier = shared.filter(
      (other) => config.clusters.indexOf(other) < config.clusters.findIndex(sameAs(cluster)),
    );
    if (earlier.length === 0) return [];
    const names = earlier.map(({ settings }) => settings.cluster).join(', ');
    return [
      {
        ...warning(
          'server-in-two-clusters',
          `is a server of ${cluster.settings.cluster} and of ${names}: two names then follow one server`,
          {
            where: `in ${config.file}, under clusters: ${cluster.settings.cluster}: servers, if it does not belong there, remove this line`,
            lines: [`- ${address}`],
          },
        ),
        subject: address,
      },
    ];
  });
}

const sameAs =
  ({ settings }: LoadedCluster) =>
  (other: LoadedCluster): boolean =>
    other.settings.cluster === settings.cluster;
