/** Which servers the configured ones name: replicas, sources of channels, members of groups. */

import { isWithin } from '../model/discovery-scope.ts';
import { type Claim, type ServerFacts, splitAddress } from '../model/observation.ts';
import type { ClusterSettings, Discovered } from '../model/settings.ts';
import type { ClusterState } from '../model/state.ts';
import type { MonoMs, Now, ServerAddress } from '../model/units.ts';
import { claimOf } from './source-of.ts';

/** One address, and every server that named it. */
export interface Mention {
  /** `by` and `how` of the first server that named it, and all claims. */
  readonly discovered: Discovered;
  /** The time of the newest answer that names it. */
  readonly at: MonoMs;
}

/**
 * The addresses that may be asked, in the order of their mentions. A discovered server discovers no other, so
 * a foreign host leads nowhere. An answer counts for `gone_after`.
 */
export function mentionsOf(state: ClusterState, now: Now): ReadonlyMap<ServerAddress, Mention> {
  const mentions = new Map<ServerAddress, Mention>();
  for (const { facts, factsAt, settings } of state.servers.values()) {
    if (settings.discovered || facts === undefined || factsAt === undefined) continue;
    if (now.mono - factsAt >= state.settings.watch.goneAfterMs) continue;
    for (const said of saidBy(facts)) {
      if (!mayBeAsked(state.settings, said.address)) continue;
      mentions.set(said.address, merged(mentions.get(said.address), said, settings.address, factsAt));
    }
  }
  return mentions;
}

/** Inside the scopes, not configured, and no name of ours, from which replicas may replicate. */
export const mayBeAsked = (
  { discoverWithin = [], servers, publications }: ClusterSettings,
  address: ServerAddress,
): boolean =>
  isWithin(discoverWithin, address) &&
  !servers.some((server) => server.address === address) &&
  !publications.some(({ source, replicas }) => [source.name, replicas?.name].includes(nameOf(address)));

const nameOf = (address: ServerAddress) =>
  `${splitAddress(address).host}.` as ClusterSettings['publications'][number]['source']['name'];

interface Said {
  readonly how: Discovered['how'];
  readonly address: ServerAddress;
  readonly claim: Claim | undefined;
}

function saidBy({ channels, replicas = [], group }: ServerFacts): readonly Said[] {
  return [
    // A channel that is off may be years old.
    ...channels.flatMap((channel): readonly Said[] =>
      channel.receiver === 'off'
        ? []
        : [{ how: 'channel', address: channel.sourceAddress, claim: claimOf(channel) }],
    ),
    ...replicas.map(({ address, claim }): Said => ({ how: 'replicas', address, claim })),
    ...(group?.members ?? []).flatMap(({ id, state, address }): readonly Said[] =>
      address === undefined || (state !== 'ONLINE' && state !== 'RECOVERING')
        ? []
        : [{ how: 'group', address, claim: id }],
    ),
  ];
}

function merged(before: Mention | undefined, { how, claim }: Said, by: ServerAddress, at: MonoMs): Mention {
  const discovered: Discovered = before?.discovered ?? { by, how, claims: [] };
  const claims =
    claim === undefined || discovered.claims.includes(claim)
      ? discovered.claims
      : [...discovered.claims, claim];
  return { discovered: { ...discovered, claims }, at: Math.max(at, before?.at ?? at) as MonoMs };
}
