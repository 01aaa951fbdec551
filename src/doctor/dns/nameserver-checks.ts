/** Does the nameserver answer, does it know the key, and is its clock right? */
import type { Failure } from '../../core/model/observation.ts';
import type { Check } from '../check.ts';
import type { Finding, Mend } from '../finding.ts';
import { quoted } from '../host/state-dir.ts';
import type { World } from '../world.ts';
import { withDesk } from './desk.ts';
import {
  type About,
  addressLine,
  bare,
  failed,
  inNameserver,
  paste,
  right,
  risky,
  words,
  wrong,
} from './found.ts';
import { primaryByResolver } from './referral.ts';
import { type Visit, visitsOf } from './visit.ts';

export const subjectOf = ({ config }: Pick<Visit, 'config'>): string =>
  `${config.name} (${config.address.includes(':') ? `[${config.address}]` : config.address}:${config.port})`;

const about = (visit: Pick<Visit, 'config'>): About => ({ area: 'nameserver', subject: subjectOf(visit) });

/** Over TCP and over UDP: source-dns needs one, secondary servers and resolvers need both. */
export const reachable: Check = {
  area: 'nameserver',
  name: 'reachable',
  codes: ['nameserver-unreachable', 'tcp-closed', 'udp-closed', 'nameserver-ambiguous'],
  look: async (world) => (await visitsOf(world)).map(reachOf),
};

function reachOf(visit: Visit): Finding {
  const { config, tcp, udp, signed } = visit;
  const where = about(visit);
  if (signed?.code === 'nameserver-ambiguous') return wrong(where, signed.code, words(signed));
  if (tcp !== undefined && udp !== undefined)
    return failed(
      where,
      'nameserver-unreachable',
      tcp,
      tcp.code === 'no-route' || tcp.code === 'nameserver-not-found'
        ? []
        : [paste('in a shell on the nameserver, if it is BIND of Debian', 'systemctl start named')],
    );
  const open = paste('in a shell on the nameserver, if its firewall is nftables', '');
  if (tcp !== undefined)
    return wrong(
      where,
      'tcp-closed',
      `It answers over UDP, but not over TCP: ${tcp.message} Updates, transfers and long answers need TCP.`,
      [{ ...open, lines: [`nft insert rule inet filter input tcp dport ${config.port} accept`] }],
    );
  if (udp === undefined) return right(where, 'reachable', 'It answers over TCP and over UDP.');
  const finding = config.transport === 'udp' ? wrong : risky;
  return finding(
    where,
    'udp-closed',
    `It answers over TCP, but not over UDP: ${udp.message} Resolvers ask over UDP.`,
    [{ ...open, lines: [`nft insert rule inet filter input udp dport ${config.port} accept`] }],
  );
}

/** Failures of a key file that cannot be used at all. */
const unusableKeys = ['key-invalid', 'key-not-found'];
const keyFaults = ['tsig-badkey', 'tsig-badsig', 'tsig-badtrunc', 'tsig-error'];
const onTheWay = ['answer-not-verified', 'unsigned-answer', 'malformed-answer', 'other-question', 'formerr'];
const weakKeys = ['tsig-weak-algorithm', 'tsig-short-secret'];

export const key: Check = {
  area: 'nameserver',
  name: 'key',
  codes: [...unusableKeys, ...keyFaults, ...onTheWay, 'notimp', ...weakKeys, 'no-key', 'is-resolver'],
  look: async (world) => {
    const unusable = [...world.nameservers.values()].flatMap((seen) =>
      seen.kind === 'failed' ? [wrong(about(seen), seen.failure.code, words(seen.failure))] : [],
    );
    const looked = await Promise.all((await visitsOf(world)).map((visit) => keyOf(world, visit)));
    return [...unusable, ...looked.flat()];
  },
};

async function keyOf(world: World, visit: Visit): Promise<readonly Finding[]> {
  const where = about(visit);
  const weak = visit.warnings.map((warning) => risky(where, warning.code, words(warning), weakMends(visit)));
  const { signed } = visit;
  // A resolver knows no key. The key is not what is wrong.
  if (signed !== undefined && visit.plain?.code === 'not-authoritative')
    return [...weak, await isResolver(world, visit)];
  if (signed !== undefined)
    return [...keyFaults, ...onTheWay, 'notimp'].includes(signed.code)
      ? [...weak, wrong(where, signed.code, words(signed), keyMends(visit, signed))]
      : weak;
  const { config } = visit;
  if (config.key !== undefined)
    return [...weak, right(where, 'key', `It knows the key of ${config.key.file}.`)];
  return [
    ...weak,
    risky(
      where,
      'no-key',
      'No key is configured, so anybody can forge answers, and nsupdate_args alone decide how updates are signed.',
    ),
  ];
}

async function isResolver({ config, clock: time, deadline }: World, visit: Visit): Promise<Finding> {
  const name = visit.name;
  const found = await withDesk(visit.config, time, (desk) => primaryByResolver(desk, name, deadline));
  const [address] = found?.addresses ?? [];
  return wrong(
    about(visit),
    'is-resolver',
    `It is a resolver, or does not serve the zone of ${name}: it answers without authority. ${found === undefined ? '' : `The primary server of ${found.zone} is ${found.primary}`}`,
    address === undefined ? [] : [paste(inNameserver(config.file, visit.config.name), addressLine(address))],
  );
}

function weakMends({ config, keyName }: Visit): readonly Mend[] {
  if (config.key === undefined) return [];
  return [
    paste(
      'in a shell on this host; then include the new file in named.conf in place of the old key',
      `(umask 077; tsig-keygen -a hmac-sha256 ${quoted(bare(keyName ?? 'source-dns-key'))} > ${quoted(config.key.file)})`,
    ),
  ];
}

/** The very file of this host, if BIND can read it. No line shows a secret. */
function keyMends({ config }: Visit, { code }: Failure): readonly Mend[] {
  const { key: file } = config;
  if (file === undefined || (code !== 'tsig-badkey' && code !== 'tsig-badsig' && code !== 'tsig-badtrunc'))
    return [];
  if (!/^\s*key\s/m.test(file.text.reveal())) return [];
  return [
    paste(
      'in named.conf, in place of the key of that name (a copy of the file of this host, which only named may read)',
      `include "${file.file}";`,
    ),
  ];
}

/** A warning begins at this part of the fudge: there is still time to mend it. */
const warnFromFudge = 1 / 3;

export const clock: Check = {
  area: 'nameserver',
  name: 'nameserver-clock',
  codes: ['clock-apart', 'tsig-badtime'],
  look: async (world) =>
    (await visitsOf(world)).flatMap((visit): readonly Finding[] => {
      const { clockAheadSeconds: ahead, signed, config } = visit;
      const where = about(visit);
      if (signed?.code === 'tsig-badtime') return [wrong(where, signed.code, words(signed), byNtp)];
      if (signed !== undefined || config.key === undefined) return [];
      if (ahead === undefined)
        return [
          right(
            where,
            'nameserver-clock',
            'It does not tell its time (PowerDNS does not), but accepts ours.',
          ),
        ];
      const fudge = Math.ceil(config.fudgeMs / 1000);
      const seconds = Math.abs(ahead);
      const side = ahead >= 0 ? 'ahead of' : 'behind';
      return [
        seconds > 1 && seconds >= fudge * warnFromFudge
          ? risky(
              where,
              'clock-apart',
              `Its clock is ${seconds} s ${side} the clock of this host. It refuses everything beyond the fudge of ${fudge} s.`,
              byNtp,
            )
          : right(
              where,
              'nameserver-clock',
              `Its clock is ${seconds} s ${side} ours; the fudge is ${fudge} s.`,
            ),
      ];
    }),
};

const byNtp = [paste('in a shell on this host, and on the nameserver', 'timedatectl set-ntp true')];
