/** The alarm `address-unproven`. */

import type { Situation } from '../decide/situation.ts';
import type { Alarm } from '../model/events.ts';
import { proposalWords } from '../observe/proposal-words.ts';
import type { ServerView } from '../observe/topology.ts';

/** The server's host name leads to an address at which that server was not found. */
export function addressAlarm({ state, settings }: Situation, member: ServerView): readonly Alarm[] {
  const memory = state.servers.get(member.address);
  const { proposal } = member;
  const words = memory && proposalWords(state, memory, proposal);
  if (words === undefined || proposal.kind === 'pending') return [];
  const mend = 'Correct the address records of its host name, or set publish: in the configuration';
  const clients = member.addresses ? member.addresses.join(' and ') : 'what is published already';
  const effect = {
    none: '',
    proven: `A move to it publishes only ${clients}. ${mend}`,
    unproven: `Clients get ${clients} until it answers at an address of its host name. ${mend}`,
    ambiguous: `What is published stays the same, and the name does not move to this server. ${mend}`,
  }[proposal.kind];
  const alias =
    'The published name is a CNAME to that host name, so clients go there. Correct its address records';
  const consequence = settings.source.type === 'cname' ? alias : effect;
  return [
    {
      code: 'address-unproven',
      subject: member.address,
      sentence: `${member.address} ${words}. ${consequence}.`,
    },
  ];
}
