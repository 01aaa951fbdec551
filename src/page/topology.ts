/** Where each server gets its data, as trees: first the published source, then what stands apart. Pure. */

import type { ServerSnapshot } from '../core/report/snapshot-types.ts';
import { lagWords } from './time-words.ts';
import { isLate } from './verdict.ts';

/** How the data of a server reach it. */
export interface Link {
  readonly state: 'streams' | 'late' | 'connecting' | 'broken';
  readonly how: 'channel' | 'group' | 'galera' | 'aurora';
  readonly words: string;
}

export interface TreeNode {
  readonly kind: 'server';
  readonly server: ServerSnapshot;
  /** Null: the root of a tree. */
  readonly link: Link | null;
  readonly children: readonly Tree[];
}

/** Many servers that are well, drawn as one. */
export interface Bundle {
  readonly kind: 'bundle';
  readonly servers: readonly ServerSnapshot[];
  readonly link: Link;
}

export type Tree = TreeNode | Bundle;

export interface Forest {
  /** Null: no server of the cluster is published. */
  readonly source: TreeNode | null;
  /** What gets nothing from the source. */
  readonly apart: readonly TreeNode[];
}

/** More children than this of one server: those that are well become a bundle. */
const mostChildren = 12;

/** Each server is in the forest once, also in a ring. */
export function forestOf(servers: readonly ServerSnapshot[], published: string | undefined): Forest {
  const known = new Map(servers.map((server) => [server.server as string, server]));
  const upstream = new Map(servers.map((server) => [server.server as string, upstreamOf(server, known)]));
  if (published !== undefined) upstream.set(published, undefined);
  const below = new Map<string, ServerSnapshot[]>();
  for (const server of servers) {
    const parent = upstream.get(server.server);
    if (parent === undefined) continue;
    const siblings = below.get(parent);
    if (siblings === undefined) below.set(parent, [server]);
    else siblings.push(server);
  }
  const drawn = new Set<string>();
  const grow = (server: ServerSnapshot, parent: string | null): TreeNode => {
    drawn.add(server.server);
    const children = (below.get(server.server) ?? []).filter((child) => !drawn.has(child.server));
    return {
      kind: 'server',
      server,
      link: parent === null ? null : linkOf(server, parent),
      children: bundled(children.map((child) => grow(child, server.server))),
    };
  };
  const root = published === undefined ? undefined : known.get(published);
  const source = root === undefined ? null : grow(root, null);
  const apart: TreeNode[] = [];
  // First the roots of the other trees, then whatever goes round in a circle.
  for (const roots of [servers.filter(({ server }) => upstream.get(server) === undefined), servers])
    for (const server of roots) if (!drawn.has(server.server)) apart.push(grow(server, null));
  return { source, apart };
}

/** How each server gets its data: as it is drawn. A root of a tree gets none from the others. */
export function linksOf({ source, apart }: Forest): ReadonlyMap<ServerSnapshot, Link> {
  const links = new Map<ServerSnapshot, Link>();
  const note = (tree: Tree): void => {
    const { link } = tree;
    for (const server of tree.kind === 'bundle' ? tree.servers : [tree.server])
      if (link !== null) links.set(server, link);
    if (tree.kind === 'server') tree.children.forEach(note);
  };
  for (const root of [source, ...apart]) if (root !== null) note(root);
  return links;
}

/** By the way that was found, else by what a channel names. */
function upstreamOf(server: ServerSnapshot, known: ReadonlyMap<string, ServerSnapshot>): string | undefined {
  const named = [server.way?.hops[0]?.server, ...server.replicatesFrom.map(({ source }) => source)];
  return named.find((each) => each !== undefined && each !== server.server && known.has(each));
}

function linkOf(server: ServerSnapshot, parent: string): Link {
  const hop = server.way?.hops[0];
  const how = hop?.how ?? 'channel';
  const channel = server.replicatesFrom.find(({ source }) => source === parent) ?? server.replicatesFrom[0];
  if (server.contact !== 'reachable') return { state: 'broken', how, words: 'not known' };
  if (channel !== undefined && channel.receiver !== 'on')
    return {
      state: channel.receiver === 'connecting' ? 'connecting' : 'broken',
      how,
      words: channel.receiver === 'connecting' ? 'connecting' : `receiver ${channel.receiver}`,
    };
  if (channel !== undefined && channel.applier !== 'on')
    return { state: 'broken', how, words: `applier ${channel.applier}` };
  if (hop === undefined) return { state: 'broken', how, words: 'no data' };
  return isLate(server)
    ? { state: 'late', how, words: `${lagWords(server.lagSeconds ?? 0)} late` }
    : { state: 'streams', how, words: how === 'channel' ? 'streams' : how };
}

/** Only leaves that are well are bundled: what needs a look is always drawn. */
function bundled(children: readonly TreeNode[]): readonly Tree[] {
  if (children.length <= mostChildren) return children;
  const isWell = ({ link, server, children: below }: TreeNode): boolean =>
    link?.state === 'streams' && server.alarms.length === 0 && below.length === 0;
  const well = children.filter(isWell);
  const rest = children.filter((child) => !isWell(child));
  const shown = rest.slice(0, mostChildren);
  const more = [...well, ...rest.slice(mostChildren)];
  const link = well[0]?.link ?? rest[0]?.link;
  return link === null || link === undefined || more.length === 0
    ? shown
    : [...shown, { kind: 'bundle', servers: more.map(({ server }) => server), link }];
}
