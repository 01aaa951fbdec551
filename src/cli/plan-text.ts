/** An update plan as the nsupdate script that would do the same (nsupdate(1)). Pure. */

import type { Change, Prerequisite, Rrset, UpdatePlan } from '../core/zone.ts';

/** Ends with `send` and a newline. */
export const planText = (plan: UpdatePlan): string =>
  [`zone ${plan.zone}`, ...plan.prerequisites.flatMap(prerequisiteLines), ...plan.changes.flatMap(changeLines), 'send', ''].join('\n');

const prerequisiteLines = (prerequisite: Prerequisite): readonly string[] =>
  prerequisite.kind === 'rrset-absent'
    ? [`prereq nxrrset ${prerequisite.name} ${prerequisite.type}`]
    : rdataTexts(prerequisite.rrset).map((rdata) => `prereq yxrrset ${prerequisite.rrset.name} ${prerequisite.rrset.type} ${rdata}`);

const changeLines = (change: Change): readonly string[] =>
  change.kind === 'delete-rrset'
    ? [`update delete ${change.name} ${change.type}`]
    : rdataTexts(change.rrset).map((rdata) => `update add ${change.rrset.name} ${change.rrset.ttlSeconds} ${change.rrset.type} ${rdata}`);

/** The RDATA in master file form (RFC 1035 5.1). */
function rdataTexts(rrset: Rrset): readonly string[] {
  switch (rrset.type) {
    case 'SRV':
      return rrset.rdata.map(({ priority, weight, port, target }) => `${priority} ${weight} ${port} ${target}`);
    case 'TXT':
      return rrset.rdata.map((strings) => strings.map(quoted).join(' '));
    default:
      return rrset.rdata;
  }
}

const quoted = (text: string): string =>
  `"${text.replace(/["\\]/g, '\\$&').replace(/[^ -~]/g, (byte) => `\\${String(byte.charCodeAt(0)).padStart(3, '0')}`)}"`;
