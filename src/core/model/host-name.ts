/** Which domain names a host may have (RFC 952, RFC 1123 2.1); RFC 2181 11 allows others more. */

import type { Fqdn } from './units.ts';
import type { Rrset } from './zone.ts';

/** Letters, digits and inner hyphens in every label. */
export const isHostName = (name: Fqdn): boolean => /^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+$/i.test(name);

/** The name that check-names refuses: the owner of an address, or the target of an SRV RR. */
export function noHostName(rrset: Rrset): Fqdn | undefined {
  if (rrset.type === 'A' || rrset.type === 'AAAA') return isHostName(rrset.name) ? undefined : rrset.name;
  return rrset.type === 'SRV'
    ? rrset.rdata.map(({ target }) => target).find((target) => !isHostName(target))
    : undefined;
}
