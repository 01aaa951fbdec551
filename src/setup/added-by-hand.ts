/**
 * What a person does if `init` left the configuration that is in the folder: `init` adds nothing to a file, so
 * the new cluster is added by hand. Pure.
 */

import { bare, grantLines, zoneFileName } from './bind-texts.ts';
import { type BlockNames, clusterLines, nameserverLines, passwordFileName } from './configuration-text.ts';
import { rightsStep, type Step, shellWord } from './next-steps.ts';
import type { Setup, SetupNameserver } from './setup.ts';

/** What the configuration that was left has. Undefined, where it is asked for: it is not valid. */
export interface KnownParts {
  readonly clusters: ReadonlySet<string>;
  /** By name. `keyName`: undefined if the file does not say which key. */
  readonly nameservers: ReadonlyMap<string, SetupNameserver & { readonly keyName: string | undefined }>;
}

/** `folder`: of the configuration. `newPassword`: the password file there has another one. */
export interface LeftOver {
  readonly folder: string;
  readonly known: KnownParts | undefined;
  readonly newPassword: boolean;
}

/** For a configuration that was left as it is. */
export function addedByHand(setup: Setup, { folder, known, newPassword }: LeftOver): readonly Step[] {
  const { cluster } = setup;
  const config = `${folder}/source-dns.yaml`;
  const check = `source-dns --config ${shellWord(config)} check`;
  if (known?.clusters.has(cluster))
    return [
      {
        where: 'this host',
        text: `${config} has a cluster ${cluster} already, and it is as it was. Change it by hand, or move the files away and run init again.`,
        commands: [check],
      },
    ];
  const names = blockNames(setup, known, newPassword);
  const nameserver = isKnown(known, names.nameserver)
    ? []
    : ['   Under "nameservers:":', '', ...nameserverLines(setup, names.nameserver), ''];
  return [
    ...(newPassword ? [passwordStep(folder, names.passwordFile)] : []),
    {
      where: 'this host',
      text: [
        `${config} is as it was: it does not have the cluster ${cluster}. To add the cluster, write these lines into it, under "clusters:", and change nothing else.`,
        '',
        ...clusterLines(setup, names),
        '',
        ...nameserver,
      ].join('\n'),
      commands: [check],
    },
    setup.zone.exists ? rightsStep(setup) : newZoneStep(setup),
    {
      where: 'this host',
      text: `Let the service read it again${newPassword ? '. A new secret needs a new start' : ''}.`,
      commands: [
        newPassword ? 'systemctl restart source-dns' : 'systemctl reload source-dns',
        `source-dns --config ${shellWord(config)} status ${shellWord(cluster)}`,
      ],
    },
  ];
}

const isKnown = (known: KnownParts | undefined, name: string): boolean =>
  known?.nameservers.has(name) === true;

/** The nameserver of the file with this address, else a name that the file does not have. */
function blockNames(setup: Setup, known: KnownParts | undefined, newPassword: boolean): BlockNames {
  const { nameserver: wanted, key } = setup;
  const there = [...(known?.nameservers ?? [])].find(
    ([, { host, port, keyName = key.name }]) =>
      host === wanted.host && port === wanted.port && keyName === key.name,
  );
  const used = new Set(known?.nameservers.keys());
  let count = 1;
  while (used.has(`ns${count}`)) count++;
  return {
    nameserver: there?.[0] ?? `ns${count}`,
    passwordFile: newPassword ? `${setup.cluster}.password` : passwordFileName,
  };
}

/** Its zone statement would be in a file that was left. */
const newZoneStep = (setup: Setup): Step => ({
  where: 'the nameserver',
  text: [
    `Make the new zone ${bare(setup.zone.name)}. Its first contents are in ${zoneFileName(setup.zone.name)}. Its zone statement needs an update-policy with these lines:`,
    ...grantLines(setup).map((line) => `     ${line}`),
  ].join('\n'),
  commands: ['named-checkconf -z && rndc reconfig'],
});

const passwordStep = (folder: string, name: string): Step => {
  const file = shellWord(`${folder}/${name}`);
  return {
    where: 'this host',
    text: `Write the password of the account into ${folder}/${name}: ${passwordFileName} has another one. Press Ctrl-D after it. Then let systemd give it to the service: write these two lines into the editor that opens:\n     [Service]\n     LoadCredential=${name}:${folder}/${name}`,
    commands: [`(umask 077; cat > ${file})`, 'systemctl edit source-dns'],
  };
};
