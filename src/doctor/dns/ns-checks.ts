/** Which nameservers are waited for, who may copy the zone, and the program nsupdate. */
import { execa } from 'execa';
import type { Failure } from '../../core/model/observation.ts';
import type { Fqdn, MonoMs } from '../../core/model/units.ts';
import { CLASS, OPCODE, RCODE, TYPE } from '../../dns/message/codes.ts';
import { judgeReply, prepareMessage } from '../../dns/message/reply.ts';
import { wireName } from '../../dns/message/wire.ts';
import { type Authority, findAuthorities } from '../../dns/read/authoritative.ts';
import { type Correspondent, wallSeconds } from '../../dns/read/query.ts';
import type { Soa } from '../../dns/read/soa.ts';
import { resolveAll, showEndpoint, withDeadline } from '../../dns/transport/endpoint.ts';
import type { Verdict } from '../../dns/transport/exchange.ts';
import type { Check } from '../check.ts';
import type { Finding } from '../finding.ts';
import type { World } from '../world.ts';
import { type Desk, withDesk } from './desk.ts';
import { type About, bare, inNameserver, paste, right, risky, verifyLine, wrong } from './found.ts';
import { subjectOf } from './nameserver-checks.ts';
import { zonesOf } from './primary-checks.ts';
import { type ReadPlace, readPlaces, visitsOf } from './visit.ts';

/** `verify` against the NS RRset. Both differences may be meant: a hidden secondary server, a hidden name. */
export const verifyList: Check = {
  area: 'nameserver',
  name: 'verify',
  codes: ['not-in-ns', 'ns-not-verified'],
  look: async (world) =>
    (
      await Promise.all(
        zonesOf(await readPlaces(world)).map((place) =>
          place.at.config.verify === undefined
            ? []
            : withDesk(place.at.config, world.clock, (desk) => verifyOf(world, desk, place)),
        ),
      )
    ).flat(),
};

async function verifyOf(
  { clock, deadline, config }: World,
  desk: Desk,
  place: ReadPlace,
): Promise<readonly Finding[]> {
  const { at, zone } = place;
  const { verify = [] } = at.config;
  const where: About = { area: 'nameserver', subject: subjectOf(at) };
  const authorities = await findAuthorities(desk.signed, desk.endpoint, zone, deadline);
  const addressesOf = async (host: string): Promise<readonly string[]> => {
    const found = await withDeadline(resolveAll(host), deadline, clock);
    return found?.kind === 'addresses' ? found.addresses : [];
  };
  const listed = await Promise.all(
    verify.map(async (endpoint) => ({ endpoint, addresses: await addressesOf(endpoint.host) })),
  );
  const named = authorities.flatMap(endpointOf);
  const strangers = listed.filter(
    ({ addresses }) => !addresses.some((address) => named.some(({ host }) => host === address)),
  );
  const missing = named.filter(({ host }) => !listed.some(({ addresses }) => addresses.includes(host)));
  const inFile = inNameserver(config.file, at.config.name);
  const notVerified = missing.map((endpoint) =>
    risky(
      where,
      'ns-not-verified',
      `${showEndpoint(endpoint)} is in the NS RRset of ${zone}, but not in the verify list: resolvers ask it, and nobody waits for it after a move.`,
      [paste(inFile, verifyLine([...verify, endpoint]))],
    ),
  );
  const notNamed = strangers.map(({ endpoint }) =>
    risky(
      where,
      'not-in-ns',
      `${showEndpoint(endpoint)} is in the verify list, but not in the NS RRset of ${zone}: no resolver asks it, unless it is configured by hand.`,
      [
        paste(
          `${inFile} (not if it is a hidden secondary server)`,
          verifyLine(verify.filter((other) => other !== endpoint)),
        ),
      ],
    ),
  );
  const findings = [...notVerified, ...notNamed];
  const ok = `The verify list has the nameservers of the NS RRset: ${verify.map(showEndpoint).join(', ')}.`;
  return findings.length > 0 ? findings : [right(where, 'verify', ok)];
}

const endpointOf = (authority: Authority) => (authority.kind === 'endpoint' ? [authority.endpoint] : []);

/**
 * Everybody may copy the zone: the ledger names servers and addresses. Asked by an IXFR from the present
 * serial, which is answered by one SOA (RFC 1995 4): nothing is copied.
 */
export const transfers: Check = {
  area: 'nameserver',
  name: 'transfers',
  codes: ['transfer-open'],
  look: async (world) =>
    Promise.all(
      zonesOf(await readPlaces(world)).map((place) =>
        withDesk(place.at.config, world.clock, (desk) => transferOf(world, desk, place)),
      ),
    ),
};

async function transferOf({ deadline }: World, desk: Desk, place: ReadPlace): Promise<Finding> {
  const { at, zone } = place;
  const where: About = { area: 'nameserver', subject: subjectOf(at) };
  const reading = at.zones.get(zone);
  const isOpen = reading?.kind === 'soa' && (await mayTransfer(desk.tcp, zone, reading.soa, deadline));
  if (!isOpen)
    return right(where, 'transfers', `It does not let this host copy the zone ${zone} without a key.`);
  const named = (await findAuthorities(desk.signed, desk.endpoint, zone, deadline)).flatMap(endpointOf);
  const others = [...named, ...(at.config.verify ?? [])]
    .map(({ host }) => host)
    .filter((host) => host !== desk.endpoint.host);
  const allowed = [...new Set(others)].map((host) => `${host};`);
  return risky(
    where,
    'transfer-open',
    `It lets this host copy the zone ${zone} without a key, so probably everybody: the ledger names your servers.`,
    [
      paste(
        `in the zone ${bare(zone)} of named.conf (the addresses of its secondary servers, or their key)`,
        `allow-transfer { ${[...allowed, ...(allowed.length === 0 ? ['none;'] : [])].join(' ')} };`,
      ),
    ],
  );
}

const ixfrType = 251;

async function mayTransfer(
  { transport, clock }: Correspondent,
  zone: Fqdn,
  soa: Soa,
  deadline: MonoMs,
): Promise<boolean> {
  const numbers = Buffer.alloc(20);
  numbers.writeUInt32BE(soa.serial);
  const rdata = Buffer.concat([wireName(soa.primary), wireName(soa.mailbox), numbers]);
  const record = { owner: zone, type: TYPE.SOA, class: CLASS.IN, ttlSeconds: 0, rdata };
  const result = await transport.exchange<boolean>({
    deadline,
    repeatable: false,
    lane: zone,
    attempt: (id) => {
      const message = {
        id,
        opcode: OPCODE.QUERY,
        question: { name: zone, type: ixfrType },
        answers: [],
        authorities: [record],
      };
      const sent = prepareMessage(message, undefined, wallSeconds(clock));
      return {
        bytes: sent.bytes,
        judge: (answer): Verdict<boolean> => {
          const reply = judgeReply(answer, sent, wallSeconds(clock));
          return reply.kind === 'proven'
            ? {
                kind: 'final',
                value: reply.codes.rcode === RCODE.NOERROR && reply.message.answers.length > 0,
              }
            : { kind: 'ignored' };
        },
      };
    },
  });
  return result.kind === 'answered' && result.value;
}

const programTimeoutMs = 5000;
const maxVersionBytes = 4096;

/** Only for `via: nsupdate`. */
export const nsupdateProgram: Check = {
  area: 'nameserver',
  name: 'nsupdate',
  codes: ['nsupdate-not-run'],
  look: async (world) =>
    Promise.all(
      (await visitsOf(world))
        .filter(({ config }) => config.via === 'nsupdate')
        .map(async (visit): Promise<Finding> => {
          const where: About = { area: 'nameserver', subject: subjectOf(visit) };
          const ended = await versionOf(world);
          if (typeof ended === 'string') return right(where, 'nsupdate', `${ended} runs on this host.`);
          return wrong(where, 'nsupdate-not-run', ended.message, [
            paste('in a shell on this host, if it is Debian or Ubuntu', 'apt-get install bind9-dnsutils'),
          ]);
        }),
    ),
};

async function versionOf({ around }: World): Promise<string | Failure> {
  const ended = await execa('nsupdate', ['-V'], {
    env: around.env as Record<string, string>,
    extendEnv: false,
    timeout: programTimeoutMs,
    reject: false,
    stdin: 'ignore',
    maxBuffer: maxVersionBytes,
  });
  if (ended.exitCode === 0) return ended.stdout.trim().split('\n')[0] ?? 'nsupdate';
  return {
    code: 'nsupdate-not-run',
    message: `The program nsupdate cannot be started (${ended.code ?? `exit code ${ended.exitCode}`}), and via: nsupdate needs it.`,
  };
}
