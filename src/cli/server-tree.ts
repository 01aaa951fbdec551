/** The servers in the order of their replication, each with the lines that lead to it. Pure, and ASCII. */

import type { ServerSnapshot } from '../core/report/snapshot-types.ts';
import { forestOf, type Tree } from '../page/topology.ts';

export interface Branch {
  readonly server: ServerSnapshot;
  /** The server above it in the tree; undefined: it is a root. */
  readonly parent: string | undefined;
  /** `+- `, or `` |  `- `` for the last one below; empty for a root. */
  readonly lead: string;
}

/** The published source and what is below it, then what gets nothing from it. Each server once. */
export function branchesOf(
  servers: readonly ServerSnapshot[],
  published: string | undefined,
): readonly Branch[] {
  const { source, apart } = forestOf(servers, published);
  return [source, ...apart].flatMap((root) => (root === null ? [] : branches(root, undefined, '', '')));
}

/** `below`: what stands before the lines of its children. */
function branches(tree: Tree, parent: string | undefined, lead: string, below: string): readonly Branch[] {
  // The page draws many servers that are well as one; a list has room for each.
  if (tree.kind === 'bundle')
    return tree.servers.map((server, index) => {
      const isLast = lead.endsWith('`- ') && index === tree.servers.length - 1;
      return { server, parent, lead: isLast ? lead : lead.replace(/`- $/, '+- ') };
    });
  const { server, children } = tree;
  const last = children.length - 1;
  return [
    { server, parent, lead },
    ...children.flatMap((child, index) =>
      branches(
        child,
        server.server,
        `${below}${index === last ? '`- ' : '+- '}`,
        `${below}${index === last ? '   ' : '|  '}`,
      ),
    ),
  ];
}
