/** All files of a set-up. Pure. */

import { keyStatement } from '../dns/key/new-key.ts';
import { grantsText } from './account-texts.ts';
import {
  otherNameserversText,
  primaryName,
  primaryText,
  secondaryName,
  secondaryText,
  transferKeyFileName,
  transferKeyName,
  zoneFileName,
  zoneLinesName,
  zoneLinesText,
  zoneText,
} from './bind-texts.ts';
import { configurationText, keyFileName, passwordFileName } from './configuration-text.ts';
import type { NewFile } from './new-files.ts';
import type { Setup } from './setup.ts';
import { unitText } from './unit-text.ts';

interface Secrets {
  readonly password: string;
  /** Base64. Undefined: the key exists already. */
  readonly key: string | undefined;
  readonly transferKey: string;
}

export const grantsName = 'grants.sql';
export const unitName = 'source-dns.service';
export const configurationName = 'source-dns.yaml';

const open = (name: string, text: string): NewFile => ({ name, text, mode: 0o640, secret: false });
/** named reads these files as its own user when it is reconfigured, and they have no secret. */
const forNamed = (name: string, text: string): NewFile => ({ name, text, mode: 0o644, secret: false });
const secret = (name: string, text: string): NewFile => ({ name, text, mode: 0o600, secret: true });

/** `unit`: the unit of the package. The order is the order in which a person reads them. */
export function filesOf(setup: Setup, secrets: Secrets, unit: string): readonly NewFile[] {
  const { zone, mysql, key } = setup;
  return [
    open(configurationName, configurationText(setup)),
    secret(passwordFileName, `${secrets.password}\n`),
    ...(secrets.key === undefined
      ? []
      : [secret(keyFileName, keyStatement(key.name, 'hmac-sha256', secrets.key))]),
    open(grantsName, grantsText(mysql)),
    forNamed(primaryName(setup), primaryText(setup)),
    ...(zone.exists ? [forNamed(zoneLinesName(setup), zoneLinesText(setup))] : newZoneFiles(setup, secrets)),
    open('other-nameservers.txt', otherNameserversText(setup)),
    { ...open(unitName, unitText(unit, setup)), mode: 0o644 },
  ];
}

const newZoneFiles = (setup: Setup, { transferKey }: Secrets): readonly NewFile[] => [
  forNamed(zoneFileName(setup.zone.name), zoneText(setup)),
  secret(transferKeyFileName(setup), keyStatement(transferKeyName(setup), 'hmac-sha256', transferKey)),
  forNamed(secondaryName(setup), secondaryText(setup)),
];
