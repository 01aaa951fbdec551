/**
 * A program of somebody else, who installed the package: moves a name from one address to another, if it
 * still has the old address, and waits for all nameservers. Prints one line of JSON for each step.
 *
 * move-name ADDRESS PORT KEY_FILE ZONE NAME OLD NEW
 */

import { openNameserver, type Rrset, readTsigKey, TsigKeyError, type UpdateOutcome } from 'source-dns';

const [address = '', port = '', keyFile = '', zone = '', name = '', old = '', next = ''] =
  process.argv.slice(2);
const say = (step: string, what: unknown): boolean =>
  process.stdout.write(`${JSON.stringify({ step, what })}\n`);

try {
  const { key } = await readTsigKey(keyFile);
  const nameserver = openNameserver({ address, port: Number(port), key, timeoutMs: 10_000 });
  const has = (address: string): Rrset => ({ name, type: 'A', ttlSeconds: 5, rdata: [address] });
  const move = (from: string, to: string): Promise<UpdateOutcome> =>
    nameserver.update({
      zone,
      prerequisites: [{ kind: 'rrset-is', rrset: has(from) }],
      changes: [
        { kind: 'delete-rrset', name, type: 'A' },
        { kind: 'add-rrset', rrset: has(to) },
      ],
    });
  const set = await nameserver.update({
    zone,
    changes: [
      { kind: 'delete-name', name },
      { kind: 'add-rrset', rrset: has(old) },
    ],
  });
  say('set', set.kind);
  const moved = await move(old, next);
  say('moved', moved.kind);
  const again = await move(old, next);
  say('again', again.kind === 'refused' ? again.code : again.kind);
  const reading = await nameserver.read({ questions: [{ name, type: 'A' }] });
  say('read', reading.kind === 'read' ? reading.rrsets.map(({ rdata }) => rdata) : reading.failure.code);
  const { nameservers } = await nameserver.propagation({ zone, present: [has(next)] });
  say(
    'answered',
    nameservers.map(({ answeredAt }) => answeredAt !== undefined),
  );
  await nameserver.close();
} catch (error) {
  if (!(error instanceof TsigKeyError)) throw error;
  say('key', error.code);
}
