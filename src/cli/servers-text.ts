/** The servers of a cluster for `status`: a table, or a block a server where the terminal is narrow. Pure. */

import type { ServerSnapshot } from '../core/report/snapshot-types.ts';
import { type Branch, branchesOf } from './server-tree.ts';
import type { Style } from './style.ts';
import { type Cell, type Column, fits, fittingTable } from './table.ts';

interface ServerColumn extends Column {
  readonly cell: (server: ServerSnapshot, style: Style, branch: Branch) => Cell;
}

const columns: readonly ServerColumn[] = [
  {
    heading: 'SERVER',
    cell: ({ server, role }, style, { lead }) => ({
      text: `${lead}${server}`,
      ...(role === 'source' && { paint: style.bold }),
    }),
  },
  // In `explain`, too: the first columns to go.
  { heading: 'UUID', dispensable: 1, cell: ({ uuid }) => ({ text: shortId(uuid) }) },
  { heading: 'VERSION', dispensable: 2, cell: ({ version }) => ({ text: version ?? '' }) },
  {
    heading: 'ROLE',
    cell: (server, style) => ({ text: roleText(server), ...painted(roleColour(server, style)) }),
  },
  { heading: 'WRITABLE', cell: ({ writable }) => ({ text: writableText(writable) }) },
  {
    heading: 'CONTACT',
    cell: (server, style) => ({
      text: contactText(server),
      ...painted(server.contact === 'reachable' ? undefined : style.red),
    }),
  },
  { heading: 'LAG', cell: ({ lagSeconds }) => ({ text: lagSeconds === null ? '' : `${lagSeconds} s` }) },
  { heading: 'BEHIND', cell: ({ lacks }) => ({ text: behindText(lacks) }) },
  {
    heading: 'REPLICATES FROM',
    cell: ({ replicatesFrom }, _style, { parent }) => ({
      text: replicatesFrom
        .map(channelText)
        // The tree shows it.
        .filter((text) => text !== parent)
        .join(', '),
    }),
  },
  { heading: 'ALARMS', cell: ({ alarms }, style) => ({ text: alarms.join(', '), paint: style.red }) },
];

/** `published`: the server of the ledger. `limit`: columns of the terminal; undefined: not limited. */
export function serversText(
  servers: readonly ServerSnapshot[],
  published: string | undefined,
  style: Style,
  limit?: number,
): string {
  const branches = branchesOf(servers, published);
  const rows = branches.map((branch) => columns.map(({ cell }) => cell(branch.server, style, branch)));
  const text = fittingTable(columns, rows, limit);
  if (fits(text, limit)) return text;
  return branches.map((branch, index) => blockText(branch, rows[index] ?? [])).join('');
}

/** Without empty values: what has a value is worth its line. */
function blockText({ server, lead }: Branch, cells: readonly Cell[]): string {
  const shown = new Map(
    columns.map(({ heading }, index) => {
      const { text = '', paint = (same: string) => same } = cells[index] ?? {};
      return [heading, paint(text)] as const;
    }),
  );
  const value = (heading: string): string => shown.get(heading) ?? '';
  const writes = server.writable === null ? '' : server.writable ? 'takes writes' : 'read-only';
  const role = roleWords(server);
  const failure = server.failure === null ? '' : ` (${server.failure.code})`;
  const told = (label: string, text: string): string => (text === '' ? '' : `${label} ${text}`);
  const join = (...parts: readonly string[]): string => parts.filter((part) => part !== '').join(', ');
  const lines = [
    join(role, role === writes ? '' : writes, `${contactWords[server.contact]}${failure}`),
    join(told('lag', value('LAG')), told('behind:', value('BEHIND'))),
    told('replicates from', value('REPLICATES FROM')),
    told('alarms:', value('ALARMS')),
  ];
  return [
    `  ${value('SERVER')}`,
    ...lines.filter((line) => line !== '').map((line) => `    ${' '.repeat(lead.length)}${line}`),
    '',
  ].join('\n');
}

const painted = (paint: Cell['paint']): Partial<Cell> => (paint === undefined ? {} : { paint });

/** The role of a discovered server means little: it is never published. */
export const roleText = ({ role, discovered }: ServerSnapshot): string =>
  discovered ? `${role} (${discovered.state === 'verified' ? '' : `${discovered.state}, `}discovered)` : role;

function roleColour({ role }: ServerSnapshot, style: Style): Cell['paint'] {
  if (role === 'source') return style.green;
  return role === 'replica' || role === 'read-only' ? undefined : style.yellow;
}

/** The first group of a UUID is enough to tell servers apart; a MariaDB identity is short. */
const shortId = (id: string | null): string =>
  id === null ? '' : /^[0-9a-f]{8}-/.test(id) ? id.slice(0, 8) : id;

const writableText = (writable: boolean | null): string =>
  writable === null ? '?' : writable ? 'yes' : 'no';

const contactText = ({ contact, failure }: ServerSnapshot): string =>
  failure === null ? contact : `${contact} (${failure.code})`;

/** Compared with the most advanced server of the line. */
function behindText(lacks: ServerSnapshot['lacks']): string {
  if (!lacks) return '';
  const behind = (['executed', 'received'] as const).flatMap((what) => {
    const lack = lacks[what];
    return lack === null
      ? []
      : `${lack.transactions !== undefined ? -lack.transactions : lack.bytes !== undefined ? `-${lack.bytes} B` : 'less'} ${what}`;
  });
  return behind.join(', ') || 'nothing';
}

function channelText({
  channel,
  source,
  receiver,
  applier,
  failoverSources,
}: ServerSnapshot['replicatesFrom'][number]): string {
  const list = failoverSources?.map(({ address, weight }) => `${address} ${weight}`) ?? [];
  const stopped = [
    receiver === 'on' ? '' : `receiver ${receiver}`,
    applier === 'on' ? '' : `applier ${applier}`,
    list.length > 0 ? `may choose ${list.join(', ')}` : '',
  ].filter((text) => text !== '');
  return `${source}${channel === '' ? '' : ` [${channel}]`}${stopped.length > 0 ? ` (${stopped.join(', ')})` : ''}`;
}

/** For prose: two bare "unknown" beside each other say nothing. */
export const roleWords = (server: ServerSnapshot): string =>
  server.role === 'unknown' ? 'role not known' : roleText(server);

/** For prose. */
export const contactWords: Readonly<Record<ServerSnapshot['contact'], string>> = {
  reachable: 'reachable',
  alive: 'alive, but answers no query',
  unknown: 'does not answer',
  unobserved: 'not asked yet',
};
