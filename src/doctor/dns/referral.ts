/** Where a nameserver delegates a name to, and what a resolver knows of the primary server. */
import type { Fqdn, MonoMs } from '../../core/model/units.ts';
import { TYPE } from '../../dns/message/codes.ts';
import { isWithin } from '../../dns/message/name.ts';
import { addressesOf, nameRdata } from '../../dns/message/rdata.ts';
import { ask } from '../../dns/read/query.ts';
import { findZone } from '../../dns/read/zone-finder.ts';
import { resolveAll, withDeadline } from '../../dns/transport/endpoint.ts';
import type { Desk } from './desk.ts';

interface Delegation {
  readonly zone: Fqdn;
  readonly names: readonly Fqdn[];
  readonly addresses: readonly string[];
}

/** Undefined: the answer is no referral (RFC 1034 4.3.2). Ends by the deadline; never rejects. */
export async function delegationBelow(
  desk: Desk,
  name: Fqdn,
  deadline: MonoMs,
): Promise<Delegation | undefined> {
  // A referral has no authority: take it as the answer of a resolver is taken.
  const side = { ...desk.tcp, recursive: true };
  const answer = await ask(side, { name, type: TYPE.SOA }, deadline);
  if (answer.kind === 'failed') return undefined;
  const { message } = answer;
  const rrs = message.authorities.filter(
    (rr) => rr.type === TYPE.NS && rr.owner !== '.' && isWithin(name, rr.owner),
  );
  const [first] = rrs;
  if (first === undefined) return undefined;
  const names = rrs
    .map((rr) => nameRdata(message.bytes, rr, rr.rdataStart))
    .filter((found) => found !== undefined);
  const glue = names.flatMap((host) => addressesOf(message.bytes, message.additionals, host));
  return {
    zone: first.owner,
    names,
    addresses: glue.length > 0 ? glue : await looked(desk, names, deadline),
  };
}

async function looked(desk: Desk, names: readonly Fqdn[], deadline: MonoMs): Promise<readonly string[]> {
  for (const host of names.slice(0, 4)) {
    const found = await withDeadline(resolveAll(host.slice(0, -1)), deadline, desk.tcp.clock);
    if (found?.kind === 'addresses') return found.addresses;
  }
  return [];
}

interface PrimaryServer {
  readonly zone: Fqdn;
  readonly primary: Fqdn;
  readonly addresses: readonly string[];
}

/** What the SOA names, as a resolver answers it. Undefined: it does not. Ends by the deadline. */
export async function primaryByResolver(
  desk: Desk,
  name: Fqdn,
  deadline: MonoMs,
): Promise<PrimaryServer | undefined> {
  const side = { ...desk.tcp, recursive: true };
  const told = await findZone(side, name, deadline);
  if (told.kind === 'failed' || told.primary === undefined || told.primary === '.') return undefined;
  const { zone, primary } = told;
  const types = [TYPE.A, TYPE.AAAA];
  const answers = await Promise.all(types.map((type) => ask(side, { name: primary, type }, deadline)));
  const addresses = answers.flatMap((answer) =>
    answer.kind === 'answer' ? addressesOf(answer.message.bytes, answer.message.answers, primary) : [],
  );
  return { zone, primary, addresses };
}
