/** The alarm of a server whose address is not proven. */

import type { Situation } from '../decide/situation.ts';
import type { Alarm } from '../model/events.ts';
import { proposalWords } from '../observe/server-addresses.ts';
import type { ServerView } from '../observe/topology.ts';

/** A server's host name leads to an address at which that server was not found. */
export function addressAlarm({ state, settings }: Situation, member: ServerView): readonly Alarm[] {
  const memory = state.servers.get(member.address);
  const { proposal } = member;
  const words = memory && proposalWords(state, memory, proposal);
  if (words === undefined || proposal.kind === 'pending') return [];
  const mend = 'Mend the address records of its host name, or say publish: in the configuration';
  const clients = member.addresses ? member.addresses.join(' and ') : 'what is published already';
  const effect = {
    none: '',
    proven: `A move to it publishes ${clients} alone. ${mend}`,
    unproven: `Clients get ${clients} until it answers where its host name says. ${mend}`,
    ambiguous: `What is published stays as it is, and no move goes to this server. ${mend}`,
  }[proposal.kind];
  const alias = 'The name is an alias, so clients are sent there. Mend the address records of that host name';
  const consequence = settings.source.type === 'cname' ? alias : effect;
  return [
    {
      code: 'address-unproven',
      subject: member.address,
      sentence: `${member.address} ${words}. ${consequence}.`,
    },
  ];
}
