/** Where each server is drawn: in columns on a wide page, as an indented list on a narrow one. Pure. */

import type { Forest, Tree, TreeNode } from './topology.ts';

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

export interface Placed extends Box {
  readonly tree: Tree;
}

/** From the right end of the upper box to the left end of the lower one, or the elbow of an indented list. */
export interface Edge {
  readonly from: Box;
  readonly to: Placed;
}

export interface Layout {
  readonly shape: 'columns' | 'list';
  readonly width: number;
  readonly height: number;
  readonly name: Box;
  readonly boxes: readonly Placed[];
  readonly edges: readonly Edge[];
  /** Where the servers begin beside the name. */
  readonly secondColumn: number;
  /** Where the line above what stands apart is drawn. */
  readonly apartAt: number | undefined;
}

export const boxHeight = 60;
const column = { width: 250, gap: 58, below: 14 } as const;
const list = { width: 344, indent: 18, below: 12, deepest: 6 } as const;
/** The room for the words above what stands apart. */
const apartRoom = 40;
/** Deeper trees are drawn as lists everywhere. */
const mostColumns = 4;
/** A drawing with more columns needs the whole width. */
export const fewColumns = 2;

/** How many servers deep the deepest tree is. */
export const depthOfForest = ({ source, apart }: Forest): number =>
  Math.max(0, ...[source, ...apart].map((root) => (root ? depthOf(root) : 0)));

/** The two shapes of one forest; without columns where the tree is too deep for them. */
export function layouts(forest: Forest): readonly Layout[] {
  const depth = depthOfForest(forest);
  const asList = place(forest, 'list', depth);
  return depth > mostColumns ? [asList] : [place(forest, 'columns', depth), asList];
}

const depthOf = (tree: Tree): number =>
  tree.kind === 'bundle' ? 1 : 1 + Math.max(0, ...tree.children.map(depthOf));

interface Drawing {
  readonly boxes: Placed[];
  readonly edges: Edge[];
  /** The first free place below everything. */
  floor: number;
}

function place(forest: Forest, shape: Layout['shape'], depth: number): Layout {
  const drawing: Drawing = { boxes: [], edges: [], floor: 0 };
  const put = shape === 'columns' ? putInColumn : putInList;
  const nameWidth = shape === 'columns' ? column.width : list.width;
  if (shape === 'list') drawing.floor = boxHeight + list.below;
  const source = forest.source && put(drawing, forest.source, 1);
  const name: Box = { x: 0, y: shape === 'columns' ? (source?.y ?? 0) : 0, width: nameWidth };
  if (source) drawing.edges.unshift({ from: name, to: source });
  drawing.floor = Math.max(drawing.floor, name.y + boxHeight + column.below);
  let apartAt: number | undefined;
  if (forest.apart.length > 0) {
    apartAt = drawing.floor;
    drawing.floor += apartRoom;
    for (const root of forest.apart) put(drawing, root, shape === 'columns' ? 1 : 0);
  }
  return {
    shape,
    width: shape === 'columns' ? (depth + 1) * (column.width + column.gap) - column.gap : list.width,
    height: drawing.floor - (shape === 'columns' ? column.below : list.below),
    name,
    // Who reads or tabs through the drawing meets the source before its replicas.
    boxes: drawing.boxes.toSorted((a, b) => (shape === 'columns' ? a.x - b.x : 0) || a.y - b.y),
    edges: drawing.edges,
    secondColumn: column.width + column.gap,
    apartAt,
  };
}

/** A parent is beside the middle of its children. */
function putInColumn(drawing: Drawing, tree: Tree, depth: number): Placed {
  const x = depth * (column.width + column.gap);
  const children = childrenOf(tree).map((child) => putInColumn(drawing, child, depth + 1));
  const [first, last] = [children[0], children.at(-1)];
  const y = first && last ? (first.y + last.y) / 2 : drawing.floor;
  if (first === undefined) drawing.floor += boxHeight + column.below;
  return joined(drawing, { tree, x, y, width: column.width }, children);
}

function putInList(drawing: Drawing, tree: Tree, depth: number): Placed {
  const x = Math.min(depth, list.deepest) * list.indent;
  const y = drawing.floor;
  drawing.floor += boxHeight + list.below;
  const children = childrenOf(tree).map((child) => putInList(drawing, child, depth + 1));
  return joined(drawing, { tree, x, y, width: list.width - x }, children);
}

function joined(drawing: Drawing, placed: Placed, children: readonly Placed[]): Placed {
  drawing.boxes.push(placed);
  for (const to of children) drawing.edges.push({ from: placed, to });
  return placed;
}

const childrenOf = (tree: Tree): readonly Tree[] => (tree as Partial<TreeNode>).children ?? [];
