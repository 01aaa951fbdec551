/**
 * What a nameserver's error answer means, in words: one stable code each, a sentence that names nameserver, zone and key, and what to do.
 * The facts behind them: BIND says BADKEY, BADSIG and BADTIME apart. Knot and PowerDNS answer NOTAUTH or REFUSED without a signature, and each version has other
 * words for the same fault (docs/DNS.md).
 */
import type { Failure } from '../../core/model/observation.ts';
import type { Fqdn } from '../../core/model/units.ts';
import { RCODE, rcodeName, TSIG_ERROR, tsigErrorName } from './codes.ts';
import type { AnswerCodes, Doubt, Signing } from './reply.ts';

/** `known`: it signed an answer with the key. `not-accepted`: it said that it does not know the key, or gave no reason. */
export type KeyStanding = 'known' | 'not-accepted';

/** Who was asked for what. */
export interface Asked {
  /** Its name and address, as `ns1 (192.0.2.53:53)`. */
  readonly nameserver: string;
  readonly what: 'update' | 'query';
  /** The zone, or the name where the zone is not known yet. */
  readonly zone: Fqdn;
  readonly signing?: Signing | undefined;
  /** What this nameserver thinks of the key, by its last answer to a question. Absent: not asked yet, or it did not tell. */
  readonly keyStanding?: KeyStanding | undefined;
}

/** An answer that proves what it says. Codes: see the two tables below; `prerequisite-failed` for an update. */
export const answerFailure = (asked: Asked, codes: AnswerCodes): Failure =>
  codes.tsigError === TSIG_ERROR.NONE ? rcodeFailure(asked, codes.rcode) : tsigFailure(asked, codes);

/**
 * An answer that does not count. An unsigned one has the code of what it says, if that is an error, else `unsigned-answer`; the others `answer-not-verified`,
 * `malformed-answer` or `other-question`.
 */
export function doubtfulFailure(asked: Asked, codes: AnswerCodes, doubt: Doubt): Failure {
  const { nameserver } = asked;
  if (doubt.kind === 'malformed') return malformedAnswer(nameserver, doubt.words);
  if (doubt.kind === 'other-question')
    return {
      code: 'other-question',
      message: `The nameserver ${nameserver} ${doubt.words}: that is no answer to what was sent, so it does not count.`,
      hint: 'Is something between this host and the nameserver that changes messages, as a proxy, a load balancer or a firewall?',
    };
  if (doubt.kind === 'not-verified')
    return {
      code: 'answer-not-verified',
      message: `An answer ${rcodeName(codes.rcode)} came from ${nameserver}, but its signature does not prove it (${faults[doubt.fault]}).`,
      hint: `Somebody between this host and the nameserver may change or make up answers; or ${keyName(asked)} differs there.`,
    };
  const said = unsignedFailure(asked, codes);
  if (codes.rcode === RCODE.NOERROR || said.code === 'prerequisite-failed')
    return {
      code: 'unsigned-answer',
      message: `The nameserver ${nameserver} answered ${rcodeName(codes.rcode)} without a signature, though the message was signed with ${keyName(asked)}.`,
      hint: 'Such an answer proves nothing. Is something between this host and the nameserver that strips TSIG, as a proxy or load balancer?',
    };
  return { ...said, message: `${said.message} The answer has no signature, so it proves nothing.` };
}

/**
 * Knot 3.2 says BADKEY to an update that its acl denies, where 3.4 says NOTAUTH alone. NOTAUTH without TSIG error is also what Knot 3.4 says of a key that it
 * does not know, and PowerDNS of every fault of a key; to an update it then says REFUSED.
 */
function unsignedFailure(asked: Asked, codes: AnswerCodes): Failure {
  const { what, signing, keyStanding } = asked;
  if (what === 'update' && keyStanding === 'known' && codes.tsigError === TSIG_ERROR.BADKEY)
    return rcodeFailure(asked, codes.rcode);
  const saysNo = codes.rcode === RCODE.NOTAUTH || (what === 'update' && codes.rcode === RCODE.REFUSED);
  const isOfKey = what === 'query' || keyStanding === 'not-accepted';
  if (signing !== undefined && codes.tsigError === TSIG_ERROR.NONE && saysNo && isOfKey)
    return keyNotAccepted(asked, codes.rcode, signing);
  return answerFailure(asked, codes);
}

const keyNotAccepted = (asked: Asked, rcode: number, { key }: Signing): Failure => ({
  code: 'tsig-badkey',
  message: `${answeredWords(asked, rcode)} without a TSIG error: it does not know ${keyName(asked)} with ${key.algorithm}, or has it with another secret.`,
  hint: `${keyHint} PowerDNS answers so also where the clocks are too far apart.`,
});

const answeredWords = ({ nameserver, what, zone }: Asked, rcode: number): string =>
  `The nameserver ${nameserver} answered ${rcodeName(rcode)} to ${what === 'update' ? 'an update of' : 'a query for'} ${zone}`;

const keyHint =
  "The name and the algorithm in the key file must be those of the key statement in the nameserver's configuration.";

/** Bytes that came as an answer and are none. `words`: what is wrong, as the rest of a sentence that begins with `it`. */
export const malformedAnswer = (nameserver: string, words: string): Failure => ({
  code: 'malformed-answer',
  message: `The nameserver ${nameserver} sent an answer that is no well-formed DNS message: it ${words}.`,
});

const faults: Readonly<Record<Extract<Doubt, { kind: 'not-verified' }>['fault'], string>> = {
  malformed: 'it is not well formed',
  'misplaced-tsig': 'its TSIG record is not the last one, or there are two',
  'malformed-tsig': 'its TSIG record is not well formed',
  'other-key': 'it is signed with another key or algorithm',
  'truncated-mac': 'its MAC is truncated',
  'wrong-mac': 'its MAC is wrong',
  'wrong-time': 'its time is further off than the fudge',
};

const keyName = ({ signing }: Asked): string =>
  signing === undefined ? 'no key' : `the key ${signing.key.name}`;

function tsigFailure(asked: Asked, codes: AnswerCodes): Failure {
  const { nameserver, signing } = asked;
  const key = keyName(asked);
  const error = tsigErrorName(codes.tsigError);
  const begin = `The nameserver ${nameserver} answered ${rcodeName(codes.rcode)} with TSIG error ${error}:`;
  switch (codes.tsigError) {
    case TSIG_ERROR.BADKEY:
      return {
        code: 'tsig-badkey',
        message: `${begin} it does not know ${key} with ${signing?.key.algorithm ?? 'this algorithm'}.`,
        hint: keyHint,
      };
    case TSIG_ERROR.BADSIG:
      return {
        code: 'tsig-badsig',
        message: `${begin} it has ${key} with another secret, or with another number of digest bits.`,
        hint: "Copy the key file again from the nameserver, or into its configuration, with the bits where the algorithm has them (hmac-sha256-128); then 'rndc reconfig' there.",
      };
    case TSIG_ERROR.BADTIME:
      return {
        code: 'tsig-badtime',
        message: `${begin} ${clockWords(codes.clockAheadSeconds)}, the fudge is ${signing?.fudgeSeconds ?? 0} s.`,
        hint: 'Set the clocks of both hosts by NTP; the answer does not tell which of them is wrong.',
      };
    case TSIG_ERROR.BADTRUNC:
      return {
        code: 'tsig-badtrunc',
        message: `${begin} it wants a longer MAC for ${key}.`,
        hint: 'The key file asks for fewer digest bits than the key statement there: write the algorithm as it is there (hmac-sha256-128 is 128 bits of it).',
      };
    default:
      return { code: 'tsig-error', message: `${begin} the message signed with ${key} was not accepted.` };
  }
}

function clockWords(ahead: number | undefined): string {
  if (ahead === undefined) return 'the clocks of this host and the nameserver are too far apart';
  return `the nameserver's clock is ${Math.abs(ahead)} s ${ahead >= 0 ? 'ahead of' : 'behind'} the clock of this host`;
}

function rcodeFailure(asked: Asked, rcode: number): Failure {
  const { zone, what } = asked;
  const begin = answeredWords(asked, rcode);
  const key = keyName(asked);
  switch (rcode) {
    case RCODE.NXRRSET:
    case RCODE.YXRRSET:
    case RCODE.NXDOMAIN:
    case RCODE.YXDOMAIN:
      if (what === 'query') return unexpected(begin);
      return {
        code: 'prerequisite-failed',
        message: `${begin}: the zone is not as it was read. Nothing was changed.`,
      };
    case RCODE.REFUSED:
      return what === 'update'
        ? updateRefused(begin, key)
        : queryRefused(begin, asked.signing === undefined ? 'this host' : key);
    case RCODE.NOTAUTH:
      return {
        code: 'zone-not-served',
        message: `${begin}: it is not authoritative for that zone (with ${key}).`,
        hint: `Is ${zone} a zone of its own there, of type primary, in the view that the key selects? Knot answers so too when the key may not do this.`,
      };
    case RCODE.NOTZONE:
      return {
        code: 'not-in-zone',
        message: `${begin}: a name of the update is not in that zone.`,
        hint: 'Set publish.zone to the zone that holds the name.',
      };
    case RCODE.FORMERR:
      return {
        code: 'formerr',
        message: `${begin}: it could not read the message.`,
        hint: "The nameserver's log may say which part.",
      };
    case RCODE.SERVFAIL:
      return {
        code: 'servfail',
        message: `${begin}: it failed inside.`,
        hint: "Read the nameserver's log: a journal that cannot be written (rights, a full disk), or a zone that is not loaded, are the usual causes.",
      };
    case RCODE.NOTIMP:
      return {
        code: 'notimp',
        message: `${begin}: it does not implement this.`,
        hint: 'Does it support RFC 2136, and is dynamic update on?',
      };
    case RCODE.BADVERS:
    case RCODE.BADCOOKIE:
      return {
        ...unexpected(begin),
        hint: 'The message had neither EDNS nor a cookie: is something between this host and the nameserver that adds them?',
      };
    default:
      return unexpected(begin);
  }
}

const unexpected = (begin: string): Failure => ({
  code: 'unexpected-rcode',
  message: `${begin}, which is not expected.`,
});

const updateRefused = (begin: string, key: string): Failure => ({
  code: 'update-refused',
  message: `${begin}: ${key} may not change all of these RRsets, or the zone cannot be updated there.`,
  hint: 'Grant each name and type in update-policy (the ledger _source-dns.<name> TXT too). Also a frozen zone (rndc thaw), a secondary server, allow-query and, on PowerDNS, a wrong key give REFUSED.',
});

const queryRefused = (begin: string, who: string): Failure => ({
  code: 'query-refused',
  message: `${begin}: it does not serve that zone, or ${who} may not query it.`,
  hint: 'Look at allow-query, at the view that the key selects, and whether the zone is loaded. PowerDNS gives REFUSED for a wrong key too.',
});
