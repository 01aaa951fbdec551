/** An update message in the language of `nsupdate`. Names and values cannot break out of their places. Pure. */
import { isIP } from 'node:net';
import { noHostName } from '../../core/model/host-name.ts';
import type { Rrset } from '../../core/model/zone.ts';
import { type TsigKey, wholeMac } from '../message/tsig.ts';
import type { AnyChange, AnyPrerequisite, UpdateMessage } from '../message/update.ts';
import type { Endpoint } from '../transport/endpoint.ts';

/**
 * The input of one nsupdate process. The plan must have passed `planFailure`: then a name has no character but those of a canonical Fqdn.
 * The key goes in here, not into the arguments, where `ps` would show it; nor by file, which nsupdate may fail to read and then sends unsigned.
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

/** nsupdate from 9.18 on checks names by itself, as BIND's check-names does, which is for the nameserver to say. */
const noCheck = 'check-names off';

/** The same script for an older nsupdate, which checks no names, and does not know that there is such a command. */
export const withoutCheckNames = (script: string): string =>
  script
    .split('\n')
    .filter((line) => line !== noCheck)
    .join('\n');

/** The plan alone, from `zone` to `send`: what a dry run shows. */
export const planLines = (plan: UpdateMessage): readonly string[] => [
  `zone ${plan.zone}`,
  ...(plan.changes.some((change) => change.kind === 'add-rrset' && noHostName(change.rrset) !== undefined)
    ? [noCheck]
    : []),
  ...plan.prerequisites.flatMap(prerequisiteLines),
  ...plan.changes.flatMap(changeLines),
  'send',
];

/** `yx`: must exist, `nx`: must not. */
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

/** `hmac-sha256`, or `hmac-sha256-128` where its MACs are truncated. */
const algorithmText = ({ algorithm, macBytes }: TsigKey): string =>
  macBytes === wholeMac(algorithm) ? algorithm : `${algorithm}-${macBytes * 8}`;

/** The secret in base64, as it stands in the script. */
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

/** A character-string as a zone file writes it (RFC 1035 5.1): every byte that might mean something is `\DDD`. */
const quoted = (text: string): string =>
  `"${text.replace(/[^A-Za-z0-9 _=.,:/@+-]/g, (char) => `\\${String(char.charCodeAt(0)).padStart(3, '0')}`)}"`;
