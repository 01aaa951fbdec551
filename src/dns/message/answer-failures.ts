/**
 * What a nameserver's error answer means: one stable code each, and a sentence that names nameserver, zone
 * and key. BIND tells BADKEY, BADSIG and BADTIME apart. Knot and PowerDNS answer NOTAUTH or REFUSED without a
 * signature, and each version has other words for the same fault (docs/DNS.md).
 */
import type { Failure } from '../../core/model/observation.ts';
import type { Fqdn } from '../../core/model/units.ts';
import { RCODE, rcodeName, TSIG_ERROR, tsigErrorName } from './codes.ts';
import type { AnswerCodes, Doubt, Signing } from './reply.ts';

/** `known`: it signed an answer with the key. `not-accepted`: it does not know the key, or gave no reason. */
export type KeyStanding = 'known' | 'not-accepted';

export interface Asked {
  /** Name and address, for example `ns1 (192.0.2.53:53)`. */
  readonly nameserver: string;
  readonly what: 'update' | 'query';
  /** The zone, or the name if the zone is not known yet. */
  readonly zone: Fqdn;
  readonly signing?: Signing | undefined;
  /** What the last answer to a question said about the key. Absent: nothing yet. */
  readonly keyStanding?: KeyStanding | undefined;
}

/** The failure of an answer that proves what it says. */
export const answerFailure = (asked: Asked, codes: AnswerCodes): Failure =>
  codes.tsigError === TSIG_ERROR.NONE ? rcodeFailure(asked, codes.rcode) : tsigFailure(asked, codes);

/**
 * The failure of an answer that proves nothing. An unsigned error answer keeps the code of that error; an
 * unsigned success is `unsigned-answer`. Other doubts: `answer-not-verified`, `malformed-answer`,
 * `other-question`.
 */
export function doubtfulFailure(asked: Asked, codes: AnswerCodes, doubt: Doubt): Failure {
  const { nameserver } = asked;
  if (doubt.kind === 'malformed') return malformedAnswer(nameserver, doubt.words);
  if (doubt.kind === 'other-question')
    return {
      code: 'other-question',
      message: `The nameserver ${nameserver} ${doubt.words}. source-dns ignores this answer.`,
      hint: 'Look for a proxy, a load balancer or a firewall that changes messages between this host and the nameserver.',
    };
  if (doubt.kind === 'not-verified')
    return {
      code: 'answer-not-verified',
      message: `An answer ${rcodeName(codes.rcode)} came from ${nameserver}, but its signature proves nothing: ${faults[doubt.fault]}.`,
      hint: `Check that ${keyName(asked)} is the same at the nameserver. Otherwise something on the way changes or forges answers.`,
    };
  const said = unsignedFailure(asked, codes);
  if (codes.rcode === RCODE.NOERROR || said.code === 'prerequisite-failed')
    return {
      code: 'unsigned-answer',
      message: `The nameserver ${nameserver} answered ${rcodeName(codes.rcode)} without a signature, although the message was signed with ${keyName(asked)}.`,
      hint: 'An unsigned answer proves nothing. Look for a proxy or a load balancer that removes TSIG on the way.',
    };
  return { ...said, message: `${said.message} The answer has no signature, so it proves nothing.` };
}

/**
 * Knot 3.2 answers BADKEY to an update that its acl denies; Knot 3.4 answers NOTAUTH alone. NOTAUTH without a
 * TSIG error is also the answer of Knot 3.4 to an unknown key, and of PowerDNS to every fault of a key.
 * PowerDNS answers REFUSED if that message is an update.
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
  message: `${answeredWords(asked, rcode)} without a TSIG error: it does not know ${keyName(asked)} with ${key.algorithm}, or it has another secret for that key.`,
  hint: `${keyHint} PowerDNS also answers this way when the clocks differ too much.`,
});

const answeredWords = ({ nameserver, what, zone }: Asked, rcode: number): string =>
  `The nameserver ${nameserver} answered ${rcodeName(rcode)} to ${what === 'update' ? 'an update of' : 'a query for'} ${zone}`;

const keyHint =
  "Write the name and the algorithm in the key file as in the key statement of the nameserver's configuration.";

/** `words`: what is wrong, as the rest of a sentence that begins with `it`. */
export const malformedAnswer = (nameserver: string, words: string): Failure => ({
  code: 'malformed-answer',
  message: `The nameserver ${nameserver} sent a malformed answer: it ${words}.`,
});

const faults: Readonly<Record<Extract<Doubt, { kind: 'not-verified' }>['fault'], string>> = {
  'misplaced-tsig': 'its TSIG record is not the last record, or there are two',
  'malformed-tsig': 'its TSIG record is malformed',
  'other-key': 'it is signed with another key or algorithm',
  'truncated-mac': 'its MAC is truncated',
  'wrong-mac': 'its MAC is wrong',
  'wrong-time': 'its time differs by more than the fudge',
};

const keyName = ({ signing }: Asked): string =>
  signing === undefined ? 'no key' : `the key ${signing.key.name.replace(/\.$/, '')}`;

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
        message: `${begin} it has another secret for ${key}, or another number of digest bits.`,
        hint: "Make the key the same in the key file and in the nameserver's configuration, with the digest bits if the algorithm has them (hmac-sha256-128). Then run 'rndc reconfig' there.",
      };
    case TSIG_ERROR.BADTIME:
      return {
        code: 'tsig-badtime',
        message: `${begin} ${clockWords(codes.clockAheadSeconds)}. The fudge is ${signing?.fudgeSeconds ?? 0} s.`,
        hint: 'Set the clocks of both hosts by NTP. The answer does not tell which clock is wrong.',
      };
    case TSIG_ERROR.BADTRUNC:
      return {
        code: 'tsig-badtrunc',
        message: `${begin} it wants a longer MAC for ${key}.`,
        hint: "The key file has fewer digest bits than the nameserver's key statement. Write the same algorithm as there (hmac-sha256-128 means 128 bits).",
      };
    default:
      return { code: 'tsig-error', message: `${begin} it does not accept the message signed with ${key}.` };
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
        message: `${begin}: the zone is not as source-dns read it. Nothing was changed.`,
      };
    case RCODE.REFUSED:
      return what === 'update'
        ? updateRefused(begin, asked.signing === undefined ? 'this host' : key)
        : queryRefused(begin, asked.signing === undefined ? 'this host' : key);
    case RCODE.NOTAUTH:
      return {
        code: 'zone-not-served',
        message: `${begin}: it is not authoritative for that zone (asked with ${key}).`,
        hint: `Check that ${zone} is a zone there, of type primary, in the view that the key selects. Knot also answers this way when the key may not do this.`,
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
        message: `${begin}: it cannot read the message.`,
        hint: "Read the nameserver's log: it may name the faulty part.",
      };
    case RCODE.SERVFAIL:
      return {
        code: 'servfail',
        message: `${begin}: it has an internal error.`,
        hint: "Read the nameserver's log. Usual causes: it cannot write its journal (rights, a full disk), or the zone is not loaded.",
      };
    case RCODE.NOTIMP:
      return {
        code: 'notimp',
        message: `${begin}: it does not support this operation.`,
        hint: 'Check that it supports RFC 2136 and that dynamic update is on.',
      };
    case RCODE.BADVERS:
    case RCODE.BADCOOKIE:
      return {
        ...unexpected(begin),
        hint: 'source-dns sends neither EDNS nor a cookie. Look for something on the way that adds them.',
      };
    default:
      return unexpected(begin);
  }
}

const unexpected = (begin: string): Failure => ({
  code: 'unexpected-rcode',
  message: `${begin}, which is unexpected.`,
});

const updateRefused = (begin: string, key: string): Failure => ({
  code: 'update-refused',
  message: `${begin}: ${key} may not change all of these RRsets, or the zone takes no updates there.`,
  hint: 'Grant each name and type in update-policy, also the ledger (_source-dns.<name> TXT). Other causes of REFUSED: a frozen zone (rndc thaw), a secondary server, allow-query and, on PowerDNS, a wrong key.',
});

const queryRefused = (begin: string, who: string): Failure => ({
  code: 'query-refused',
  message: `${begin}: it does not serve that zone, or ${who} may not query it.`,
  hint: 'Check allow-query, the view that the key selects, and whether the zone is loaded. PowerDNS also answers REFUSED for a wrong key.',
});
