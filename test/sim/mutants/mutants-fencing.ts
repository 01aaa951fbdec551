/** Builds that fence the wrong server, or at the wrong time, or too much. */

import type { Mutant } from './mutants.ts';

/** As if the new source wrote nothing: its transactions show nothing then. */
const nothingIsWritten = {
  file: 'core/decide/opened.ts',
  find: 'find((ledger) => hasExecutedSince(facts, ledger))',
  replace: 'find(() => false)',
};

export const fencingMutants: readonly Mutant[] = [
  {
    name: 'a fence leaves before the move is applied',
    patches: [
      {
        file: 'core/decide/fence.ts',
        find: 'if (writing.inFlight || writing.awaiting || writing.pending.length > 0 || writing.mustRead)',
        replace: 'if (writing.pending.length > 99)',
      },
    ],
    breaks: ['S9'],
    seed: 6,
    story: 'nobody is fenced while an update',
  },
  {
    name: 'a server is fenced by its address',
    patches: [
      {
        file: 'core/decide/fence.ts',
        find: 'id !== undefined && ledger?.was.some(({ uuid }) => uuid === id) === true;',
        replace: 'id !== undefined && (ledger?.was.length ?? 0) > 0;',
      },
      {
        file: 'core/fence.ts',
        find: 'if (id === undefined || !(former.has(id) || (isUnread && known))) continue;',
        replace: 'if (id === undefined || former.size === 0) continue;',
      },
    ],
    breaks: ['S8'],
    seed: 3,
    story: 'another host',
  },
  {
    name: 'a server is fenced that others follow',
    patches: [
      {
        file: 'core/decide/fence.ts',
        find: 'if (follower) return',
        replace: "if (follower?.address === 'nobody') return",
      },
    ],
    breaks: ['FENCE'],
    seed: 1,
    story: 'an old source that others follow',
  },
  {
    name: 'a server is fenced when the replica dies that followed it',
    patches: [
      {
        file: 'core/decide/fence.ts',
        find: 'if (silent) return',
        replace: "if (silent?.address === 'nobody') return",
      },
      nothingIsWritten,
    ],
    breaks: ['FENCE'],
    seed: 1,
    story: 'what people promoted is not',
  },
  {
    name: 'a new process fences what the ledger names as opened',
    patches: [
      {
        file: 'core/decide/opened.ts',
        find: '(markedAt === undefined || isMarkOver',
        replace: '(markedAt === undefined || !isMarkOver',
      },
    ],
    breaks: ['FENCE'],
    seed: 1,
    story: 'what people opened is not fenced after',
  },
  {
    name: 'a server is fenced that no ledger names as former',
    patches: [
      {
        file: 'core/decide/fence.ts',
        find: 'id !== undefined && ledger?.was.some(({ uuid }) => uuid === id) === true;',
        replace: 'id !== undefined && ledger?.was !== undefined;',
      },
      {
        file: 'core/fence.ts',
        find: 'if (id === undefined || !(former.has(id) || (isUnread && known))) continue;',
        replace: 'if (id === undefined || former.size > 99) continue;',
      },
    ],
    breaks: ['S8', 'FENCE'],
    seed: 1,
    story: 'a server that replaces a replica',
  },
  {
    name: 'a server is fenced while the ledger is unknown',
    patches: [
      {
        file: 'core/decide/fence.ts',
        find: 'zone.view === undefined || zone.failure !== undefined || now.mono - zone.view.readAt > state.settings.watch.freshForMs',
        replace: 'zone.view === undefined || state.settings.watch.freshForMs === now.mono',
      },
      {
        file: 'core/decide/fence.ts',
        find: "return decision.reason === 'steady' ? undefined",
        replace: "return decision.reason !== '' ? undefined",
      },
      {
        file: 'core/fence.ts',
        find: 'zone.view !== undefined && zone.view.readAt >= since)',
        replace: 'zone.view !== undefined)',
      },
    ],
    breaks: ['S8'],
    seed: 1,
    story: 'nobody is fenced while the ledger',
  },
  {
    name: 'a server is fenced that somebody opened',
    patches: [
      {
        file: 'core/decide/fence.ts',
        find: '    openedWords(fencing);',
        replace: '    undefined;',
      },
    ],
    breaks: ['FENCE'],
    seed: 1,
    story: 'an old source that is opened',
  },
  {
    name: 'an opening counts only if it came after the ledger was read',
    patches: [
      {
        file: 'core/publish/zone-read.ts',
        find: 'otherLedgerAt: isSameText ? zone.view?.otherLedgerAt : zone.view?.readAt,',
        replace: 'otherLedgerAt: isSameText ? zone.view?.otherLedgerAt : now.mono,',
      },
      nothingIsWritten,
    ],
    breaks: ['FENCE'],
    seed: 1,
    story: 'what people promoted before',
  },
  {
    name: 'an opening is forgotten when the server restarts',
    patches: [
      { file: 'core/decide/opened.ts', find: 'if (opened !== undefined) return opened;', replace: '' },
      nothingIsWritten,
    ],
    breaks: ['FENCE'],
    seed: 1,
    story: 'what people promoted and restarted',
  },
  {
    name: 'an opening that nobody saw does not count',
    patches: [nothingIsWritten],
    breaks: ['FENCE'],
    seed: 1,
    story: 'what people promoted while',
  },
  {
    name: 'a promotion of before the move keeps a server from the fence',
    patches: [
      {
        file: 'core/decide/opened.ts',
        find: 'notFormerAt === undefined || promotedAt > notFormerAt)',
        replace: 'notFormerAt === undefined || promotedAt > 0)',
      },
    ],
    breaks: ['FENCE'],
    seed: 1,
    story: 'an old source that was promoted before',
  },
  {
    name: 'a fence waits for locks without a bound',
    patches: [
      {
        file: 'mysql/flavour/fence-set.ts',
        // biome-ignore lint/suspicious/noTemplateCurlyInString: it is source text.
        find: 'lock_wait_timeout = ${lockWaitSeconds}, ',
        replace: '',
      },
    ],
    breaks: ['FENCE'],
    seed: 2,
    story: 'an old source that comes back',
  },
  {
    name: 'a fence that arrives late takes effect',
    patches: [
      {
        file: 'mysql/flavour/fence-set.ts',
        // biome-ignore lint/suspicious/noTemplateCurlyInString: it is source text.
        find: ' AND ${clock} < ${before.toFixed(6)}',
        // biome-ignore lint/suspicious/noTemplateCurlyInString: it is source text.
        replace: ' AND ${before.toFixed(6)} > 0',
      },
    ],
    breaks: ['FENCE'],
    seed: 2,
    story: 'a fence that a hanging',
  },
  {
    name: 'a fence ends the connections of replicas',
    patches: [
      {
        file: 'mysql/fence/clients.ts',
        find: '!/^(?:Binlog Dump|Daemon$)/.test(command);',
        replace: '!/^(?:Daemon$)/.test(command);',
      },
    ],
    breaks: ['FENCE'],
    seed: 1,
    story: 'an old source that comes back',
  },
  {
    name: 'clients that come back to a fenced source stay there',
    patches: [
      {
        file: 'core/decide/fenced-clients.ts',
        find: 'return moments.find(',
        replace: 'return moments.slice(0, clearedAt === undefined ? 1 : 0).find(',
      },
    ],
    breaks: ['FENCE'],
    seed: 1,
    story: 'clients that come back to a fenced',
  },
  {
    name: 'the clients of a fenced source end again while caches have its address',
    patches: [
      {
        file: 'core/decide/fenced-clients.ts',
        find: 'return plusMs(answeredAt, Math.min(ttlMs, longestTtlMs) + cacheMarginMs);',
        replace: 'return plusMs(answeredAt, Math.min(0 * ttlMs, longestTtlMs, cacheMarginMs));',
      },
    ],
    breaks: ['FENCE'],
    seed: 1,
    story: 'clients that come back to a fenced',
  },
  {
    name: 'the clients of a fenced source end although it replicates again',
    patches: [
      {
        file: 'core/decide/fence.ts',
        find: 'if (upstream) return',
        replace: 'if (upstream && !finishes) return',
      },
    ],
    breaks: ['FENCE'],
    seed: 1,
    story: 'clients that come back to a source that replicates',
  },
];
