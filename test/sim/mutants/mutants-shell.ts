/** Builds with a right core, and an error around it. */

import type { Mutant } from './mutants.ts';

export const shellMutants: readonly Mutant[] = [
  {
    name: 'the remembered epoch is lost in a restart',
    patches: [
      {
        file: 'daemon/history-lines.ts',
        find: 'remembered: (cluster) => [...highest.values()].filter((entry) => entry.cluster === cluster).map(toRemembered),',
        replace: 'remembered: () => [],',
      },
    ],
    breaks: ['S2', 'S4'],
    seed: 1,
    story: 'the epoch is remembered',
  },
  {
    name: 'the wall clock measures the age of an observation',
    patches: [
      {
        file: 'daemon/runtime.ts',
        find: 'const mono = clock.mono();',
        replace: 'const mono = clock.wall() as unknown as MonoMs;',
      },
    ],
    breaks: ['S1', 'S4', 'L1'],
    seed: 1,
  },
  {
    name: 'a missing answer is awaited for ever',
    patches: [
      {
        file: 'daemon/in-flight.ts',
        find: 'cancelGuard = clock.after(guardGraceMs, () => end(unanswered(begun, adapterDeadline(begun))));',
        replace: 'cancelGuard = () => void guardGraceMs;',
      },
      {
        file: 'dns/transport/pending.ts',
        find: 'giveUpAt: deadline,',
        replace: 'giveUpAt: Number.POSITIVE_INFINITY as MonoMs,',
      },
    ],
    breaks: ['L1'],
    seed: 47,
  },
  {
    name: 'an inspection of a refusal has no prerequisite',
    patches: [
      {
        file: 'dns/client/rights.ts',
        find: "prerequisites: [{ kind: 'name-not-in-use', name: zone }],",
        replace: 'prerequisites: [],',
      },
    ],
    breaks: ['S4'],
    seed: 3,
  },
  {
    name: 'every refusal is inspected',
    patches: [
      {
        file: 'core/publish/why-refused.ts',
        find: 'const nextAt = plusMs(now.mono, Math.max(inspectRefusalEveryMs, 2 * patienceMs));',
        replace: 'const nextAt = now.mono;',
      },
    ],
    breaks: ['L2'],
    seed: 3,
  },
  {
    name: 'unsigned answers are trusted',
    patches: [
      {
        file: 'dns/message/reply.ts',
        find: "return { kind: 'doubtful', codes: { ...codes, tsigError: verdict.claimedError }, doubt: verdict };",
        replace: "return { kind: 'proven', message, codes };",
      },
    ],
    breaks: ['S6'],
    seed: 7,
  },
  {
    name: 'any signature is accepted',
    patches: [
      {
        file: 'dns/message/tsig.ts',
        find: "if (!timingSafeEqual(tsig.mac, mac.subarray(0, tsig.mac.length))) return { kind: 'not-verified', fault: 'wrong-mac' };",
        replace: 'timingSafeEqual(tsig.mac, mac.subarray(0, tsig.mac.length));',
      },
    ],
    breaks: ['S6'],
    seed: 7,
  },
  {
    name: 'an answer to another request is accepted',
    patches: [
      {
        file: 'dns/message/tsig.ts',
        find: 'const mac = computeMac(key, [length, requestMac, signed], tsig);',
        replace:
          'const mac = tsig.mac.length > 0 ? tsig.mac : computeMac(key, [length, requestMac, signed], tsig);',
      },
    ],
    breaks: ['S6'],
    seed: 7,
  },
  {
    name: 'an update without an answer counts as not sent',
    patches: [
      {
        file: 'dns/client/rfc2136.ts',
        find: "return { kind: 'unknown', failure: result.failure };",
        replace: 'return notSent(result.failure);',
      },
    ],
    breaks: ['S6'],
    seed: 1,
  },
  {
    name: 'a prerequisite accepts any RDATA of an RRset',
    patches: [
      {
        file: 'dns/message/update.ts',
        find: 'return rrsetExistsWithRdata(prerequisite.rrset, rdataOf);',
        replace: 'return [rrsetExists(prerequisite.rrset)];',
      },
    ],
    breaks: ['S2'],
    seed: 2,
  },
  {
    name: 'an update is sent again when its connection breaks',
    patches: [
      {
        file: 'dns/client/rfc2136.ts',
        find: 'const result = await correspondent.transport.exchange(exchange);',
        replace:
          "let result = await correspondent.transport.exchange(exchange);\n  if (result.kind === 'unanswered') result = await correspondent.transport.exchange(exchange);",
      },
    ],
    breaks: ['S4', 'S6'],
    seed: 1,
  },
  {
    name: 'a failing nameserver counts as an empty zone',
    patches: [
      {
        file: 'dns/read/query.ts',
        find: 'const good = tsigError === TSIG_ERROR.NONE && (rcode === RCODE.NOERROR || rcode === RCODE.NXDOMAIN);',
        replace: 'const good = tsigError === TSIG_ERROR.NONE;',
      },
      {
        file: 'dns/read/query.ts',
        find: 'if (!reply.message.authoritative && !correspondent.recursive)',
        replace: 'if (nameserver === undefined)',
      },
    ],
    breaks: ['S6'],
    seed: 2,
  },
  {
    name: 'a name that answers SERVFAIL is asked once',
    patches: [
      {
        file: 'dns/read/read-rrsets.ts',
        find: "if (looked.kind !== 'failed') return looked;",
        replace: 'if (looked !== undefined) return looked;',
      },
    ],
    breaks: ['S6'],
    seed: 5222,
  },
  {
    name: 'versions are compared as text',
    patches: [
      {
        file: 'mysql/answer/version.ts',
        find: '  if (version.major !== major) return version.major > major;',
        // biome-ignore lint/suspicious/noTemplateCurlyInString: it is source text.
        replace: '  if (version.major !== major) return version.text >= `${major}.${minor}.${patch}`;',
      },
    ],
    breaks: ['L1'],
    seed: 1,
  },
  {
    name: 'an update that was called back leaves all the same',
    patches: [
      { file: 'daemon/runtime.ts', find: 'this.#inFlight.recall(effect.try);', replace: 'void effect.try;' },
    ],
    breaks: ['S1', 'S4'],
    seed: 1,
    story: 'a move that has not left',
  },
];
