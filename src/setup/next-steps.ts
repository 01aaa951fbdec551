/** What a person does after `init`, in order, each step with its command. Pure. */

import { unitName } from './all-files.ts';
import {
  bare,
  grantLines,
  keyNameThere,
  primaryName,
  secondaryName,
  transferKeyFileName,
  zoneFileName,
  zoneLinesName,
} from './bind-texts.ts';
import { clusterKey, keyFileName } from './configuration-text.ts';
import type { Setup } from './setup.ts';
import { isHiddenFromService } from './unit-text.ts';

export interface Step {
  readonly text: string;
  /** Where the commands run. */
  readonly where: 'this host' | 'the nameserver';
  readonly commands: readonly string[];
}

/** A word of a shell, in quotes where it needs them. */
export const shellWord = (text: string): string =>
  /^[A-Za-z0-9@%+=:,./_-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

/** Each one only if the one before it did its work. */
const chain = (...commands: readonly string[]): string => commands.join(' &&\n       ');

/** `folder`: where the files are now. */
export function nextSteps(setup: Setup, folder: string): readonly Step[] {
  const { places } = setup;
  const file = (name: string): string => shellWord(`${folder}/${name}`);
  return [
    ...nameserverSteps(setup, file),
    ...(folder === places.installed ? [] : [installStep(folder, setup)]),
    {
      where: 'this host',
      text: 'Let the service read the configuration. The secrets stay with root: systemd gives it copies.',
      commands: [
        'getent passwd source-dns || useradd --system --home-dir / --shell /usr/sbin/nologin --user-group source-dns',
        `chgrp source-dns ${shellWord(places.installed)} ${shellWord(`${places.installed}/source-dns.yaml`)}`,
      ],
    },
    ...stateSteps(places.stateDir),
    {
      where: 'this host',
      text: 'Check the configuration, the account, the key and the rights.',
      commands: [`source-dns --config ${shellWord(`${places.installed}/source-dns.yaml`)} check`],
    },
    startStep(setup),
    ...observeSteps(setup),
  ];
}

function nameserverSteps(setup: Setup, file: (name: string) => string): readonly Step[] {
  const { zone, nameserver } = setup;
  const conf = '/etc/bind/named.conf';
  const include = `include "/etc/bind/${primaryName(setup)}";`;
  return [
    copyStep(setup, file),
    {
      where: 'the nameserver',
      text: `Let BIND include ${primaryName(setup)}, once. named.conf changes only if named takes the result.${zone.exists ? '' : ` On a secondary nameserver: ${secondaryName(setup)}, with a copy of ${transferKeyFileName(setup)}.`}`,
      commands: [
        `grep -qxF '${include}' ${conf} || { ${chain(
          `{ cat ${conf}; echo '${include}'; } > ${conf}.new`,
          `named-checkconf -z ${conf}.new`,
          `cp ${conf}.new ${conf}; }`,
        )}`,
        ...(zone.exists ? [] : ['named-checkconf -z && rndc reconfig']),
      ],
    },
    ...(zone.exists
      ? [rightsStep(setup)]
      : [
          {
            where: 'this host' as const,
            text: `Delegate the new zone ${bare(zone.name)} in the zone above it: the NS RRs of ${zoneFileName(zone.name)}, and their addresses.`,
            commands: [`dig +norecurse NS ${bare(zone.name)} @${nameserver.host} -p ${nameserver.port}`],
          },
        ]),
  ];
}

const owners = 'There the files belong to the user of named (bind on Debian, named on Red Hat).';
const ifThere =
  'If a file of the same name is there, the first command stops: the file may belong to another instance. Then run init again, with another folder (--output) and another --key-name.';

/** Another instance may have files there: nothing of it is replaced. */
function copyStep(setup: Setup, file: (name: string) => string): Step {
  const { zone, nameserver, places, key } = setup;
  const target = `root@${nameserver.host.includes(':') ? `[${nameserver.host}]` : nameserver.host}:`;
  const shell = `ssh root@${nameserver.host}`;
  const keyThere = `${places.bindFolder}/${keyNameThere(setup)}`;
  const forZone = zone.exists ? [] : [transferKeyFileName(setup), zoneFileName(zone.name)];
  const snippets = [primaryName(setup), ...(zone.exists ? [zoneLinesName(setup)] : [])];
  const owned = [keyThere, ...forZone.map((name) => `${places.bindFolder}/${name}`)];
  // A key that exists may be there already.
  const free = [
    ...owned.filter((path) => key.file === undefined || path !== keyThere),
    ...snippets.map((name) => `/etc/bind/${name}`),
  ];
  const copied = zone.exists ? 'the key' : 'the keys and the zone';
  return {
    where: 'this host',
    text: `Copy ${copied} and the lines for BIND to the nameserver. ${owners} ${ifThere}`,
    commands: [
      chain(
        `${shell} '${free.map((path) => `test ! -e ${path}`).join(' && ')}'`,
        key.file === undefined
          ? `scp ${file(keyFileName)} ${target}${keyThere}`
          : `{ ${shell} 'test -e ${keyThere}' || scp ${shellWord(key.file)} ${target}${keyThere}; }`,
        ...(zone.exists ? [] : [`scp ${forZone.map(file).join(' ')} ${target}${places.bindFolder}/`]),
        `scp ${snippets.map(file).join(' ')} ${target}/etc/bind/`,
        `${shell} 'chown bind: ${owned.join(' ')}'`,
      ),
    ],
  };
}

/** For a zone that exists. Its policy may have lines of another instance; a second policy is an error. */
export const rightsStep = (setup: Setup): Step => ({
  where: 'the nameserver',
  text: [
    `Give the key its rights, in the zone statement of ${bare(setup.zone.name)}. If the statement has an update-policy already, add these lines to it, above every deny, and keep the lines that are there:`,
    ...grantLines(setup).map((line) => `     ${line}`),
    `   If it has none, write into the statement: include "/etc/bind/${zoneLinesName(setup)}";`,
  ].join('\n'),
  commands: ['named-checkconf -z && rndc reconfig'],
});

function installStep(folder: string, { places: { installed }, mysql: { caFile } }: Setup): Step {
  const there = shellWord(installed);
  const sentences = [
    `Put the files into ${installed}, as root. They belong to root there.`,
    ...(isHiddenFromService(folder) ? [`A service does not see ${folder}.`] : []),
    'If a configuration is there already, nothing is copied: add the cluster to it by hand.',
    ...(caFile !== undefined && isHiddenFromService(caFile)
      ? [`A service does not see ${caFile} either: copy it there, too, and change ca_file.`]
      : []),
  ];
  return {
    where: 'this host',
    text: sentences.join(' '),
    commands: [
      chain(
        `test ! -e ${shellWord(`${installed}/source-dns.yaml`)}`,
        `install -d -m 0750 ${there}`,
        `cp --no-clobber --preserve=mode ${shellWord(folder)}/* ${there}/`,
      ),
    ],
  };
}

/** systemd makes folders below /var/lib by itself. */
const stateSteps = (stateDir: string): readonly Step[] =>
  stateDir.startsWith('/var/lib/')
    ? []
    : [
        {
          where: 'this host',
          text: `Make the folder of the history and of the socket.${isHiddenFromService(stateDir) ? ` A service does not see ${stateDir}: choose another folder (state_dir, and ReadWritePaths in the unit).` : ''}`,
          commands: [`install -d -o source-dns -g source-dns -m 0750 ${shellWord(stateDir)}`],
        },
      ];

function startStep({ places: { program, installed } }: Setup): Step {
  const target = `/etc/systemd/system/${unitName}`;
  return {
    where: 'this host',
    text: `Start the service. The unit starts ${program}: the first command says if that program is missing on this host. If a unit is there already, it belongs to another set-up, and nothing is changed.`,
    commands: [
      `test -x ${shellWord(program)} || echo ${shellWord(`${program} is missing: install the package, or change ExecStart in the unit`)}`,
      chain(
        `test ! -e ${target}`,
        `install -m 0644 ${shellWord(`${installed}/${unitName}`)} ${target}`,
        'systemctl daemon-reload',
        'systemctl enable --now source-dns',
      ),
    ],
  };
}

function observeSteps(setup: Setup): readonly Step[] {
  const { mode, cluster, names, places, adopt } = setup;
  const config = shellWord(`${places.installed}/source-dns.yaml`);
  const watch: Step = {
    where: 'this host',
    text: `Look whether it sees what you know.`,
    commands: [`source-dns --config ${config} status ${shellWord(cluster)}`],
  };
  if (mode === 'active')
    return [
      watch,
      { where: 'this host', text: 'Ask for the name.', commands: [`dig +short ${bare(names.source)}`] },
    ];
  // From the line of this cluster to its mode: another cluster in the file keeps its own.
  const range = `/^${clusterKey(setup).replaceAll('.', '\\.')}$/,/^    mode:/`;
  return [
    watch,
    {
      where: 'this host',
      text: `When you trust the decisions (after some changes of the source, or some weeks), let it write: ${adopt ? 'it takes over the name that exists' : 'it publishes the name'}.`,
      commands: [
        `sed -i '${range} s/^    mode: observe$/    mode: active/' ${config}`,
        'systemctl reload source-dns',
        `dig +short ${bare(names.source)}`,
      ],
    },
  ];
}
