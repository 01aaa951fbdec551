/** An update message in the language of `nsupdate`. Names and values cannot add commands. Pure. */
import { isIP } from 'node:net';
import { noHostName } from '../../core/model/host-name.ts';
import type { Rrset } from '../../core/model/zone.ts';
import { type TsigKey, wholeMac } from '../message/tsig.ts';
import type { AnyChange, AnyPrerequisite, UpdateMessage } from '../message/update.ts';
import type { Endpoint } from '../transport/endpoint.ts';

/**
 * The input of one nsupdate process. The plan must have passed `planFailure`, so names have only the
 * characters of a canonical Fqdn. The key is in the input: `ps` would show it as an argument, and nsupdate
 * sends unsigned if it cannot read a key file.
 */
export function nsupdateScript(plan: UpdateMessage, server: Endpoint, key: TsigKey | undefined): string {
  if (isIP(server.host) === 0) throw new TypeError('an address is wanted');
  return [
    `server ${server.host} ${server.port}`,
    ...(key === undefined ? [] : [`key ${algorithmText(key)}:${key.name} ${secretText(key)}`]),
    ...planLines(plan),
    '',
  ].join('\n');
}

/** From 9.18 on, nsupdate checks names, as BIND's check-names does. That is the nameserver's task. */
const noCheck = 'check-names off';

/** The script for an older nsupdate, which checks no names and does not know this command. */
export const withoutCheckNames = (script: string): string =>
  script
    .split('\n')
    .filter((line) => line !== noCheck)
    .join('\n');

/** The plan alone, from `zone` to `send`. */
export const planLines = (plan: UpdateMessage): readonly string[] => [
  `zone ${plan.zone}`,
  ...(plan.changes.some((change) => change.kind === 'add-rrset' && noHostName(change.rrset) !== undefined)
    ? [noCheck]
    : []),
  ...plan.prerequisites.flatMap(prerequisiteLines),
  ...plan.changes.flatMap(changeLines),
  'send',
];

/** `yx`: must exist; `nx`: must not exist. */
function prerequisiteLines(prerequisite: AnyPrerequisite): readonly string[] {
  switch (prerequisite.kind) {
    case 'rrset-exists':
      return [`prereq yxrrset ${prerequisite.name} IN ${prerequisite.type}`];
    case 'rrset-is':
      return rdataTexts(prerequisite.rrset).map(
        (text) => `prereq yxrrset ${prerequisite.rrset.name} IN ${prerequisite.rrset.type} ${text}`,
      );
    case 'rrset-absent':
      return [`prereq nxrrset ${prerequisite.name} IN ${prerequisite.type}`];
    case 'name-in-use':
      return [`prereq yxdomain ${prerequisite.name}`];
    case 'name-not-in-use':
      return [`prereq nxdomain ${prerequisite.name}`];
  }
}

function changeLines(change: AnyChange): readonly string[] {
  switch (change.kind) {
    case 'add-rrset':
      return rdataTexts(change.rrset).map(
        (text) =>
          `update add ${change.rrset.name} ${change.rrset.ttlSeconds} IN ${change.rrset.type} ${text}`,
      );
    case 'delete-rrset':
      return [`update delete ${change.name} IN ${change.type}`];
    case 'delete-name':
      return [`update delete ${change.name}`];
    case 'delete-rrs':
      return rdataTexts(change.rrset).map(
        (text) => `update delete ${change.rrset.name} IN ${change.rrset.type} ${text}`,
      );
  }
}

/** `hmac-sha256`, or `hmac-sha256-128` with truncated MACs. */
const algorithmText = ({ algorithm, macBytes }: TsigKey): string =>
  macBytes === wholeMac(algorithm) ? algorithm : `${algorithm}-${macBytes * 8}`;

export const secretText = (key: TsigKey): string => key.secret.export().toString('base64');

function rdataTexts(rrset: Rrset): readonly string[] {
  switch (rrset.type) {
    case 'A':
    case 'AAAA':
    case 'CNAME':
      return rrset.rdata;
    case 'SRV':
      return rrset.rdata.map(
        ({ priority, weight, port, target }) => `${priority} ${weight} ${port} ${target}`,
      );
    case 'TXT':
      return rrset.rdata.map((strings) => strings.map(quoted).join(' '));
  }
}

/** A character-string as in a zone file (RFC 1035 5.1): every byte with a possible meaning is `\DDD`. */
const quoted = (text: string): string =>
  `"${text.replace(/[^A-Za-z0-9 _=.,:/@+-]/g, (char) => `\\${String(char.charCodeAt(0)).padStart(3, '0')}`)}"`;
