/**
 * What `import ... from 'source-dns'` gives: a client for dynamic updates (RFC 2136) that are signed with TSIG
 * (RFC 8945). Everything else of the package is no promise.
 */

// biome-ignore-all lint/performance/noBarrelFile: the one entry of the package
export {
  type Nameserver,
  type NameserverOptions,
  openNameserver,
  type RequestOptions,
} from './nameserver.ts';
export { readTsigKey, type TsigAlgorithm, type TsigKey, TsigKeyError, tsigKey } from './tsig-keys.ts';
export type {
  Change,
  Failure,
  NameserverReport,
  Prerequisite,
  PropagationReport,
  Question,
  Rrset,
  Srv,
  Update,
  UpdateOutcome,
  ZoneReading,
} from './zone-messages.ts';
