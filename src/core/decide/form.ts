/** The form in which a server is published, or why it must not be published. */

import { isIpText } from '../model/ip-address.ts';
import { unsafeKind } from '../model/ip-ranges.ts';
import { type Form, formFits, formText, type Ledger } from '../model/ledger.ts';
import { splitAddress } from '../model/observation.ts';
import type { SourceName } from '../model/settings.ts';
import { proposalWords } from '../observe/proposal-words.ts';
import { isOfAnother } from '../observe/server-addresses.ts';
import type { ServerView } from '../observe/topology.ts';
import type { Situation } from './situation.ts';

/** Why a server must not be published. */
interface Unsafe {
  readonly unsafe: string;
}

/** The form of a move to that server. */
export function moveForm(situation: Situation, target: ServerView): Form | Unsafe {
  const { settings, state, command } = situation;
  if (command?.force && target.contact !== 'reachable') {
    const addresses =
      target.settings.publish ?? state.servers.get(target.address)?.proposed ?? target.addresses;
    return (
      addressOfAnother(situation, target) ??
      formOf({ ...target, addresses }, settings.source, state.settings.allowLoopback)
    );
  }
  return unprovenAddress(situation, target) ?? formOf(target, settings.source, state.settings.allowLoopback);
}

/**
 * Force overrides what is unknown: if the server cannot be asked, the resolver's answer counts. It does not
 * override that this answer leads to another server.
 */
function addressOfAnother({ state }: Situation, target: ServerView): Unsafe | undefined {
  const memory = state.servers.get(target.address);
  if (memory?.proposed === undefined || target.settings.publish !== undefined) return undefined;
  const { proposed: addresses } = memory;
  if (!addresses.some((address) => isOfAnother(state, memory, address))) return undefined;
  const words = proposalWords(state, memory, { kind: 'ambiguous', addresses });
  return words === undefined ? undefined : { unsafe: words };
}

/** What is known against the addresses of a server; for an alias, against those of its host name. */
function unprovenAddress({ settings, state }: Situation, target: ServerView): Unsafe | undefined {
  const { proposal, addresses, known } = target;
  const memory = state.servers.get(target.address);
  if (memory === undefined || target.settings.publish !== undefined || proposal.kind === 'none')
    return undefined;
  const words = proposalWords(state, memory, proposal);
  if (words !== undefined && proposal.kind !== 'proven') {
    const isKept =
      proposal.kind === 'unproven' && settings.source.type === 'address' && addresses !== undefined;
    if (!isKept) return { unsafe: words };
  }
  if (settings.source.type === 'cname' || known?.peer === undefined || addresses === undefined)
    return undefined;
  return addresses.includes(known.peer)
    ? undefined
    : { unsafe: `answers at ${known.peer}, but its host name was not seen to lead there` };
}

/** The form of this configuration for the published source, if the ledger has another form. */
export function differingForm(situation: Situation, ledger: Ledger, target: ServerView): Form | undefined {
  const { settings, state } = situation;
  const { addresses, proposal } = target;
  if (settings.source.type === 'address' && addresses === undefined) return undefined;
  if (unprovenAddress(situation, target)) return undefined;
  // A published address family stays without a proof: this machine may have no IPv6.
  const kept =
    proposal.kind === 'proven'
      ? ledger.form.targets.filter((address) => proposal.unreached.includes(address))
      : [];
  const form = formOf(
    { ...target, addresses: addresses && [...addresses, ...kept] },
    settings.source,
    state.settings.allowLoopback,
  );
  if ('unsafe' in form) return undefined;
  return formText(form) === formText(ledger.form) && isNamed(situation, ledger, target) ? undefined : form;
}

/**
 * The ledger names it, or names it by the host name of another server, with the same port. Clients get the
 * same, and two exchanged host names are more often a mistake than meant.
 */
const isNamed = ({ members }: Situation, { source }: Ledger, target: ServerView): boolean =>
  target.address === source ||
  (members.some(({ address }) => address === source) &&
    splitAddress(target.address).port === splitAddress(source).port);

export function formOf(
  server: ServerView,
  source: SourceName,
  allowLoopback: boolean,
): Form | { readonly unsafe: string } {
  const { host } = splitAddress(server.address);
  if (source.type === 'cname') {
    if (isIpText(host))
      return { unsafe: `is configured by its IP address ${host}, which cannot be the target of a CNAME` };
    return {
      type: 'cname',
      ttlSeconds: source.ttlSeconds,
      targets: [host.endsWith('.') ? host : `${host}.`],
    };
  }
  const { addresses } = server;
  if (addresses === undefined || addresses.length === 0)
    return { unsafe: `has no address: ${host} could not be resolved` };
  const bad = addresses.find((address) => unsafeKind(address, allowLoopback) !== undefined);
  if (bad !== undefined) return { unsafe: `resolves to ${bad}, which is ${unsafeKind(bad, allowLoopback)}` };
  const form: Form = { type: 'address', ttlSeconds: source.ttlSeconds, targets: addresses.toSorted() };
  return formFits(form)
    ? form
    : { unsafe: `has ${addresses.length} addresses, more than fit into the ledger` };
}
