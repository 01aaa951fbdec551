/** What is wrong with the resolver's answer for a server, in words. */

import type { ClusterState, ServerMemory } from '../model/state.ts';
import { memberAt, type Proposal } from './server-addresses.ts';

/** Undefined: nothing is wrong. Reads on from the server's address. */
export function proposalWords(
  state: ClusterState,
  memory: ServerMemory,
  proposal: Proposal,
): string | undefined {
  const { trials, facts } = memory;
  const said = (address: string): string => {
    const member = memberAt(state, memory, address);
    const trial = trials.get(address);
    if (member !== undefined) return `${address} belongs to ${member}`;
    if (trial?.outcome === 'other') return `at ${address} another server answers (${trial.id})`;
    return `at ${address} it was not found (${trial?.said ?? 'not tried'})`;
  };
  switch (proposal.kind) {
    case 'none':
      return undefined;
    case 'pending':
      return `resolves to ${listed(memory.proposed)}, and ${proposal.address} is still being tried`;
    case 'proven':
      return proposal.unproven.length === 0
        ? undefined
        : `resolves to ${listed(memory.proposed)}, but ${proposal.unproven.map(said).join(', and ')}`;
    case 'unproven':
      return `resolves to ${listed(proposal.addresses)}, but it answers at ${facts?.peer}, and ${proposal.addresses.map(said).join(', and ')}`;
    case 'ambiguous': {
      const odd = proposal.addresses.filter((address) => trials.get(address)?.outcome !== 'same').slice(0, 3);
      return `resolves to ${listed(proposal.addresses)}, and ${odd.map(said).join(', and ')}`;
    }
  }
}

function listed(addresses: readonly string[] = []): string {
  const shown = addresses.slice(0, 4);
  return addresses.length > shown.length
    ? `${shown.join(', ')} and ${addresses.length - shown.length} more`
    : shown.join(' and ');
}
