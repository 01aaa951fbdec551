/** The role of a server, by one answer: what it is, whether it takes writes, and where its data come from. */

import { type Channel, isWritable, type ServerFacts } from '../model/observation.ts';

/** Whether two answers show the same role. Compared at every answer, so field by field. */
export const sameRole = (a: ServerFacts, b: ServerFacts): boolean =>
  a.id === b.id &&
  isWritable(a) === isWritable(b) &&
  sameList(a.channels, b.channels, sameChannel) &&
  sameList(a.group?.members, b.group?.members, isEqualIn('id', 'state', 'role')) &&
  sameList(optional(a.wsrep), optional(b.wsrep), isEqualIn('clusterUuid', 'state', 'size', 'view')) &&
  sameList(a.managed?.members, b.managed?.members, isEqualIn('name', 'writer'));

const sameChannel = (a: Channel, b: Channel): boolean =>
  a.name === b.name &&
  a.sourceId === b.sourceId &&
  a.sourceServerId === b.sourceServerId &&
  a.sourceAddress === b.sourceAddress &&
  a.receiver === b.receiver &&
  a.applier === b.applier;

const optional = <T>(value: T | undefined): readonly T[] => (value === undefined ? [] : [value]);

const isEqualIn =
  <K extends string>(...keys: readonly K[]) =>
  <T extends { readonly [Key in K]?: unknown }>(a: T, b: T): boolean =>
    keys.every((key) => a[key] === b[key]);

function sameList<T>(
  a: readonly T[] | undefined,
  b: readonly T[] | undefined,
  isSame: (a: T, b: T) => boolean,
): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined || a.length !== b.length) return false;
  return a.every((each, index) => isSame(each, b[index] as T));
}
