/** Do the resolvers of applications show what is published, and only for as long as the TTL says? */
import type { MonoMs } from '../../core/model/units.ts';
import type { Rrset } from '../../core/model/zone.ts';
import { CLASS, TYPE } from '../../dns/message/codes.ts';
import { answeredRrset, rdataKey } from '../../dns/message/rdata.ts';
import type { ReceivedMessage } from '../../dns/message/wire.ts';
import { ask, type Correspondent } from '../../dns/read/query.ts';
import { readRrset } from '../../dns/read/read-rrsets.ts';
import { decodeSoa } from '../../dns/read/soa.ts';
import { type Endpoint, showEndpoint } from '../../dns/transport/endpoint.ts';
import type { Check } from '../check.ts';
import type { Finding } from '../finding.ts';
import type { World } from '../world.ts';
import type { Desk } from './desk.ts';
import { type About, bare, failed, isSilent, paste, right, risky, shellOf, words, wrong } from './found.ts';
import { atEach, type ReadPlace, readPlaces } from './visit.ts';

/** An answer that is older than a move is right until its TTL is over: that long, this check waits. */
const longestWaitMs = 6000;
const dnsPort = 53;

export const resolvers: Check = {
  area: 'clients',
  name: 'resolvers',
  codes: ['resolver-unreachable', 'resolver-fails', 'resolver-differs', 'resolver-negative', 'resolver-ttl'],
  look: async (world) => {
    const places = await readPlaces(world);
    return (await atEach(world, places, (desk, place) => resolversOf(world, desk, place))).flat();
  },
};

async function resolversOf(world: World, desk: Desk, place: ReadPlace): Promise<readonly Finding[]> {
  const { source } = place.settings;
  const published =
    place.stored.find(({ name, type }) => name === source.name && type !== 'CNAME') ??
    place.stored.find(({ name }) => name === source.name);
  if (published === undefined) return [];
  // A resolver sees what is answered without the key.
  const plain = await readRrset(desk.tcp, published, world.deadline);
  const rrset = plain.kind === 'rrset' ? plain.rrset : undefined;
  if (rrset === undefined) return [];
  const configured = place.at.config.resolvers ?? [];
  const own = endpointsOf(world.around.resolvers).filter(
    (one) => !configured.some((other) => isSame(one, other)),
  );
  const asked = [
    ...configured.map((endpoint) => ({ endpoint, isOwn: false })),
    ...own.map((endpoint) => ({ endpoint, isOwn: true })),
  ];
  return Promise.all(
    asked.map(async ({ endpoint, isOwn }) => {
      const finding = await resolverOf({ desk, rrset, deadline: world.deadline }, endpoint);
      // source-dns itself does not need this host's resolver for the published name.
      return isOwn && finding.verdict !== 'ok' ? asOfThisHost(finding) : finding;
    }),
  );
}

const isSame = (a: Endpoint, b: Endpoint): boolean => showEndpoint(a) === showEndpoint(b);

const asOfThisHost = (finding: Finding): Finding => ({
  ...finding,
  verdict: 'warning',
  sentence: `This host's own resolver: ${finding.sentence}`,
});

/** Of `192.0.2.1`, `192.0.2.1:5353`, `[2001:db8::1]:5353`. */
const endpointsOf = (texts: readonly string[]): readonly Endpoint[] =>
  texts.map((text) => {
    const match = /^(?:\[(.+)\]|([^:]+)):(\d+)$/.exec(text);
    return match === null
      ? { host: text, port: dnsPort }
      : { host: match[1] ?? match[2] ?? '', port: Number(match[3]) };
  });

interface Looking {
  readonly desk: Desk;
  /** As the primary server answers it to everybody. */
  readonly rrset: Rrset;
  readonly deadline: MonoMs;
}

type Seen =
  | { readonly kind: 'same'; readonly ttlSeconds: number }
  | { readonly kind: 'other' | 'absent'; readonly leftSeconds: number }
  | { readonly kind: 'finding'; readonly finding: Finding };

async function resolverOf(looking: Looking, endpoint: Endpoint): Promise<Finding> {
  const { desk, rrset, deadline } = looking;
  const where: About = { area: 'clients', subject: showEndpoint(endpoint) };
  const there = desk.at(endpoint, true);
  const first = await see(looking, there, where);
  const again = first.kind === 'other' || first.kind === 'absent' ? waitMs(first.leftSeconds) : undefined;
  if (again !== undefined && there.clock.mono() + again < deadline) {
    await new Promise<void>((resolve) => there.clock.after(again, resolve));
    return judged(await see(looking, there, where), rrset, where);
  }
  return judged(first, rrset, where);
}

/** One second more: TTLs are whole seconds. */
const waitMs = (leftSeconds: number): number | undefined =>
  (leftSeconds + 1) * 1000 <= longestWaitMs ? (leftSeconds + 1) * 1000 : undefined;

async function see({ rrset, deadline }: Looking, there: Correspondent, where: About): Promise<Seen> {
  const { name, type } = rrset;
  const answer = await ask(there, { name, type: TYPE[type] }, deadline);
  if (answer.kind === 'failed')
    return {
      kind: 'finding',
      finding: isSilent(answer.failure)
        ? failed(where, 'resolver-unreachable', answer.failure, [
            paste(`${shellOf(where.subject)}, if it is BIND of Debian`, 'systemctl start named'),
          ])
        : wrong(where, 'resolver-fails', words(answer.failure), flush(where, rrset)),
    };
  const seen = answeredRrset(answer.message, rrset);
  if (typeof seen === 'string') return { kind: 'absent', leftSeconds: negativeLeft(answer.message) };
  return rdataKey(seen) === rdataKey(rrset)
    ? { kind: 'same', ttlSeconds: seen.ttlSeconds }
    : { kind: 'other', leftSeconds: seen.ttlSeconds };
}

/** The SOA's TTL counts down in the cache (RFC 2308 5). */
function negativeLeft(message: ReceivedMessage): number {
  const rr = message.authorities.find((found) => found.type === TYPE.SOA && found.class === CLASS.IN);
  return rr === undefined ? 0 : (decodeSoa(message.bytes, rr)?.negativeTtlSeconds ?? 0);
}

function judged(seen: Seen, { name, type, ttlSeconds }: Rrset, where: About): Finding {
  const what = `${name} ${type}`;
  const mends = flush(where, { name });
  switch (seen.kind) {
    case 'finding':
      return seen.finding;
    case 'absent':
      return wrong(
        where,
        'resolver-negative',
        `It says that ${what} does not exist${forSeconds(seen.leftSeconds)}, but the primary server has it: somebody asked before the name was published, or the resolver asks other nameservers.`,
        mends,
      );
    case 'other':
      return wrong(
        where,
        'resolver-differs',
        `It answers ${what} differently from the primary server${forSeconds(seen.leftSeconds)}: it keeps answers too long (a minimum TTL, serve-stale), or it asks other nameservers.`,
        mends,
      );
    case 'same':
      if (seen.ttlSeconds <= ttlSeconds)
        return right(
          where,
          'resolvers',
          `It answers ${what} as the primary server does, for ${seen.ttlSeconds} s.`,
        );
      return risky(
        where,
        'resolver-ttl',
        `It keeps ${what} for ${seen.ttlSeconds} s, although its TTL is ${ttlSeconds} s: after a move it answers the old source for that long.`,
        [
          paste('in options of its named.conf, if it is BIND', 'min-cache-ttl 0;'),
          paste('in server: of its unbound.conf, if it is Unbound', 'cache-min-ttl: 0'),
          paste('in cache of its Corefile, if it is CoreDNS', `success 9984 ${ttlSeconds} 0`),
        ],
      );
  }
}

/** How long the resolver goes on, by its own answer. */
const forSeconds = (seconds: number): string => (seconds === 0 ? '' : `, for ${seconds} s more`);

const flush = ({ subject }: About, { name }: Pick<Rrset, 'name'>) => [
  paste(`${shellOf(subject)}, if it is BIND`, `rndc flushname ${bare(name)}`),
  paste(`${shellOf(subject)}, if it is Unbound`, `unbound-control flush ${bare(name)}`),
];
