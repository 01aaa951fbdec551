/** The YAML file: parses the text, and finds the place of every value. */

import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type Scalar,
  visit,
  type YAMLMap,
} from 'yaml';
import type { ConfigPath } from './config-error.ts';

/** Both from 1. */
interface Position {
  readonly line: number;
  readonly column: number;
}

export interface PlacedProblem extends Position {
  readonly message: string;
}

/** Its nodes know their place. */
export interface ConfigDocument {
  readonly document: Document.Parsed;
  readonly lines: LineCounter;
}

/** Our own words: those of the library quote the file, and the quote may be a password. */
const syntaxWords: Readonly<Record<string, string>> = {
  BAD_INDENT: 'the indentation differs from the lines around it; indent all keys of one section equally',
  TAB_AS_INDENT: 'a tab is not allowed in the indentation; use spaces',
  DUPLICATE_KEY: 'this key is listed twice; remove one',
  MULTIPLE_DOCS: 'a second YAML document begins here; keep only one',
  MULTILINE_IMPLICIT_KEY: 'a key must be on one line; look for a missing ":" or a wrong indentation',
  BLOCK_AS_IMPLICIT_KEY: 'this line has a second ":"; put a value that contains ": " in quotes',
  MISSING_CHAR: 'something is missing here: a closing quote, bracket or brace, a comma or a ":"',
  BAD_SCALAR_START: 'a plain value cannot begin with this character; put it in quotes',
  BAD_ALIAS: 'this anchor does not exist; put a value that begins with "*" in quotes',
  BAD_DQ_ESCAPE: 'this escape does not exist; use single quotes for literal backslashes',
  TAG_RESOLVE_FAILED: 'this tag is unknown; put a value that begins with "!" in quotes',
  UNEXPECTED_TOKEN: 'this was not expected here; put values with special characters in quotes',
};

const syntaxText = (code: string): string =>
  syntaxWords[code] ??
  `not valid YAML (${code.toLowerCase().replaceAll('_', ' ')}); put values with special characters in quotes`;

const placeOf = (lines: LineCounter, offset: number): Position => {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
};

/** Our own check: the library compares every two keys, which takes a minute for ten thousand keys. */
function repeatedKeys(document: Document.Parsed, lines: LineCounter): readonly PlacedProblem[] {
  const problems: PlacedProblem[] = [];
  visit(document, {
    Map: (_key, map) => {
      const seen = new Set<unknown>();
      for (const { key } of map.items) {
        if (!isScalar(key) || key.value === '<<') continue;
        if (seen.has(key.value))
          problems.push({ ...placeOf(lines, key.range?.[0] ?? 0), message: syntaxText('DUPLICATE_KEY') });
        seen.add(key.value);
      }
    },
  });
  return problems;
}

const aliasLimit = 100;

/** `fatal`: further checks of the document make no sense. */
export function readDocument(text: string): {
  readonly read: ConfigDocument;
  readonly problems: readonly PlacedProblem[];
  readonly fatal: boolean;
} {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    logLevel: 'error',
    uniqueKeys: false,
  });
  const syntax = [...document.errors, ...document.warnings].map((error) => ({
    ...placeOf(lines, error.pos[0]),
    message: syntaxText(error.code),
  }));
  const problems = [...syntax, ...repeatedKeys(document, lines)];
  const wrongAliases: PlacedProblem[] = [];
  let aliases = 0;
  visit(document, {
    Alias: (_key, alias) => {
      aliases += 1;
      const place = placeOf(lines, alias.range?.[0] ?? 0);
      // Each alias is looked up in the whole document: ten thousand would take minutes.
      if (aliases > aliasLimit) {
        wrongAliases.push({ ...place, message: `more than ${aliasLimit} aliases; write the values out` });
        return visit.BREAK;
      }
      if (alias.resolve(document) === undefined)
        wrongAliases.push({ ...place, message: syntaxText('BAD_ALIAS') });
      return undefined;
    },
  });
  const fatal = wrongAliases.length > 0 || document.errors.length > 0;
  return { read: { document, lines }, problems: [...problems, ...wrongAliases], fatal };
}

/** The document as plain values; undefined where its aliases expand to too much. */
export function plainValue({ document }: ConfigDocument): { readonly value: unknown } | undefined {
  try {
    return { value: document.toJS({ maxAliasCount: aliasLimit }) };
  } catch (error) {
    // The only error left: "Excessive alias count".
    if (error instanceof ReferenceError) return undefined;
    throw error;
  }
}

interface Found {
  /** The node at the end of the path, or the deepest existing node. */
  readonly node: unknown;
  readonly key?: unknown;
  readonly whole: boolean;
}

/** The pairs of a section by key. Looked up for each cluster: a list of thousands must not be searched. */
const indexed = new WeakMap<YAMLMap, ReadonlyMap<string, Pair>>();

function pairsOf(map: YAMLMap): ReadonlyMap<string, Pair> {
  const known = indexed.get(map);
  if (known !== undefined) return known;
  const pairs = new Map<string, Pair>();
  for (const pair of map.items) {
    const name = isScalar(pair.key) ? String(pair.key.value) : undefined;
    if (name !== undefined && !pairs.has(name)) pairs.set(name, pair);
  }
  indexed.set(map, pairs);
  return pairs;
}

function find({ document }: ConfigDocument, path: ConfigPath): Found {
  const resolved = (node: unknown): unknown => (isAlias(node) ? node.resolve(document) : node);
  let found: Found = { node: document.contents, whole: true };
  for (const step of path) {
    const parent = resolved(found.node);
    if (isMap(parent)) {
      const pair = pairsOf(parent).get(String(step));
      if (pair === undefined) return { ...found, whole: false };
      found = { node: pair.value, key: pair.key, whole: true };
    } else if (isSeq(parent) && typeof step === 'number' && parent.items[step] !== undefined) {
      found = { node: parent.items[step], whole: true };
    } else {
      return { ...found, whole: false };
    }
  }
  return found;
}

const startOf = (node: unknown): number | undefined => (node as Node | null | undefined)?.range?.[0];

/** The place of the value (or the key) at `path`; of a missing value, the place of its section. */
export function positionOf(read: ConfigDocument, path: ConfigPath, atKey = false): Position {
  const found = find(read, path);
  const emptyValue = found.node === null || (isScalar(found.node) && found.node.value === null);
  const wantsKey = atKey || !found.whole || emptyValue || (isCollection(found.node) && path.length > 0);
  const offset =
    (wantsKey ? startOf(found.key) : undefined) ?? startOf(found.node) ?? startOf(found.key) ?? 0;
  return placeOf(read.lines, offset);
}

/** The scalar at `path`, through aliases. */
export function scalarAt(read: ConfigDocument, path: ConfigPath): Scalar | undefined {
  const found = find(read, path);
  const node = isAlias(found.node) ? found.node.resolve(read.document) : found.node;
  return found.whole && isScalar(node) ? node : undefined;
}

/** Visits every scalar value (not the keys), with its place. */
export function eachScalarValue(
  { document, lines }: ConfigDocument,
  found: (scalar: Scalar, position: Position) => void,
): void {
  visit(document, {
    Scalar: (key, scalar, ancestors) => {
      if (key === 'key' && isPair(ancestors.at(-1))) return;
      found(scalar, placeOf(lines, scalar.range?.[0] ?? 0));
    },
  });
}
