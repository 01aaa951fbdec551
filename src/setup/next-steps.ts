/** What a person does after `init`, in order, each step with its command. Pure. */

import { primaryName, secondaryName, unitName } from './all-files.ts';
import { bare, transferKeyFileName, zoneFileName, zoneLinesName } from './bind-texts.ts';
import { keyFileName } from './configuration-text.ts';
import type { Setup } from './setup.ts';

export interface Step {
  readonly text: string;
  /** Where the commands run. */
  readonly where: 'this host' | 'the nameserver';
  readonly commands: readonly string[];
}

/** A word of a shell, in quotes where it needs them. */
export const shellWord = (text: string): string =>
  /^[A-Za-z0-9@%+=:,./_-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

/** `folder`: where the files are now. */
export function nextSteps(setup: Setup, folder: string): readonly Step[] {
  const { places } = setup;
  const file = (name: string): string => shellWord(`${folder}/${name}`);
  return [
    ...nameserverSteps(setup, file),
    ...(folder === places.installed ? [] : [installStep(folder, places.installed)]),
    {
      where: 'this host',
      text: 'Let the service read the configuration. The secrets stay with root: systemd gives it copies.',
      commands: [
        'getent passwd source-dns || useradd --system --home-dir / --shell /usr/sbin/nologin --user-group source-dns',
        `chgrp source-dns ${shellWord(places.installed)} ${shellWord(`${places.installed}/source-dns.yaml`)}`,
      ],
    },
    {
      where: 'this host',
      text: 'Check the configuration, the account, the key and the rights.',
      commands: [`source-dns --config ${shellWord(`${places.installed}/source-dns.yaml`)} check`],
    },
    {
      where: 'this host',
      text: `Start the service. The unit starts ${places.program}.`,
      commands: [
        `install -m 0644 ${shellWord(`${places.installed}/${unitName}`)} /etc/systemd/system/${unitName}`,
        'systemctl daemon-reload',
        'systemctl enable --now source-dns',
      ],
    },
    ...observeSteps(setup),
  ];
}

function nameserverSteps(setup: Setup, file: (name: string) => string): readonly Step[] {
  const { zone, nameserver, places, key } = setup;
  const target = `${nameserver.host.includes(':') ? `[${nameserver.host}]` : nameserver.host}:`;
  const keyFile = key.file === undefined ? file(keyFileName) : shellWord(key.file);
  const copied = zone.exists
    ? [keyFile]
    : [keyFile, file(transferKeyFileName), file(zoneFileName(zone.name))];
  const snippets = [primaryName, ...(zone.exists ? [zoneLinesName] : [])].map(file);
  return [
    {
      where: 'this host',
      text: `Copy ${zone.exists ? 'the key' : 'the keys and the zone'} and the lines for BIND to the nameserver. There the files belong to the user of named (bind on Debian, named on Red Hat).`,
      commands: [
        `scp ${copied.join(' ')} root@${target}${places.bindFolder}/`,
        `scp ${snippets.join(' ')} root@${target}/etc/bind/`,
        `ssh root@${nameserver.host} 'chown bind: ${copied.map((each) => `${places.bindFolder}/${each.split('/').at(-1)?.replaceAll("'", '')}`).join(' ')}'`,
      ],
    },
    {
      where: 'the nameserver',
      text: zone.exists
        ? `Let BIND include them: ${primaryName} in named.conf, and ${zoneLinesName} inside of the zone statement of ${bare(zone.name)}.`
        : `Let BIND include the file, in named.conf. On a secondary nameserver: ${secondaryName}, with a copy of ${transferKeyFileName}.`,
      commands: [
        `echo 'include "/etc/bind/${primaryName}";' >> /etc/bind/named.conf`,
        'named-checkconf -z',
        'rndc reconfig',
      ],
    },
    ...(zone.exists
      ? []
      : [
          {
            where: 'this host' as const,
            text: `Delegate the new zone ${bare(zone.name)} in the zone above it: the NS RRs of ${zoneFileName(zone.name)}, and their addresses.`,
            commands: [`dig +norecurse NS ${bare(zone.name)} @${nameserver.host} -p ${nameserver.port}`],
          },
        ]),
  ];
}

const installStep = (folder: string, installed: string): Step => ({
  where: 'this host',
  text: `Put the files into ${installed}, as root. They belong to root there.`,
  commands: [
    `install -d -m 0750 ${shellWord(installed)}`,
    `cp --no-clobber --preserve=mode ${shellWord(folder)}/* ${shellWord(installed)}/`,
  ],
});

function observeSteps({ mode, cluster, names, places, adopt }: Setup): readonly Step[] {
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
  return [
    watch,
    {
      where: 'this host',
      text: `When you trust the decisions (after some changes of the source, or some weeks), let it write: ${adopt ? 'it takes over the name that exists' : 'it publishes the name'}.`,
      commands: [
        `sed -i 's/^    mode: observe$/    mode: active/' ${config}`,
        'systemctl reload source-dns',
        `dig +short ${bare(names.source)}`,
      ],
    },
  ];
}
