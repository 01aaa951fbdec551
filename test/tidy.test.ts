/** What keeps the repository readable, as a test: the layers, the purity of the core, the size and the names of files, the words. Lint does the rest (biome.json). */

import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, normalize } from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from './support/checkout.ts';

interface SourceFile {
  /** From the repository's root, e.g. `src/core/step.ts`. */
  readonly path: string;
  readonly text: string;
}

function filesUnder(folder: string, endings: readonly string[]): readonly SourceFile[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && endings.some((ending) => entry.name.endsWith(ending)))
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .toSorted()
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

const sources = filesUnder('src', ['.ts']);
const tests = filesUnder('test', ['.ts']);
const transcripts = filesUnder('test/scenarios', ['.txt']);
const core = sources.filter(({ path }) => path.startsWith('src/core/'));

/** `path:line: what is there` for every match. */
const matches = (files: readonly SourceFile[], pattern: RegExp): readonly string[] =>
  files.flatMap(({ path, text }) =>
    [...text.matchAll(pattern)].map(
      (match) => `${path}:${text.slice(0, match.index).split('\n').length}: ${match[0].trim()}`,
    ),
  );

/** What a file imports, as paths from the root where they are relative. */
const importsOf = ({ path, text }: SourceFile): readonly string[] =>
  [...text.matchAll(/\b(?:from|import)\s*\(?\s*'([^']+)'/g)].map(([, target = '']) =>
    target.startsWith('.') ? normalize(join(dirname(path), target)) : target,
  );

/** Without comments and strings: their words are nobody's business here. */
const codeOf = ({ path, text }: SourceFile): SourceFile => {
  const blank = (match: string) => match.replace(/[^\n]/g, ' ');
  const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:[^'\\\n]|\\.)*'/g, blank);
  return { path, text: code };
};

describe('the core is pure', () => {
  test('knows no clock, no chance, no timers and no surroundings', () => {
    const impure =
      /\b(?:Date|performance|Math\s*\.\s*random|setTimeout|setInterval|setImmediate|queueMicrotask|process|globalThis|Buffer|fetch|crypto|console|require)\b|\b(?:async|await|Promise)\b/g;
    // `performance` and `process` are words of its sentences, too: those are strings.
    expect(matches(core.map(codeOf), impure)).toEqual([]);
  });

  test('has no state of its own: nothing on the top level of a file can be changed', () => {
    expect(matches(core.map(codeOf), /^(?:export )?(?:let|var)\b.*/gm)).toEqual([]);
  });

  test('imports only its own folder', () => {
    const outside = core.flatMap((file) =>
      importsOf(file)
        .filter((target) => !target.startsWith('src/core/'))
        .map((target) => `${file.path}: ${target}`),
    );
    expect(outside).toEqual([]);
  });
});

describe('imports run one way', () => {
  const lower = ['core', 'ports.ts', 'suggest.ts'];
  const adapters = ['mysql', 'dns', 'config'];
  const allowed: Readonly<Record<string, readonly string[]>> = {
    core: [],
    'ports.ts': ['core'],
    'suggest.ts': [],
    mysql: lower,
    dns: lower,
    config: lower,
    daemon: [...lower, ...adapters],
    http: [...lower, ...adapters, 'daemon'],
    cli: [...lower, ...adapters, 'daemon', 'http'],
    lab: [...lower, ...adapters, 'daemon', 'http', 'cli'],
    'program.ts': [...lower, ...adapters, 'daemon', 'http', 'cli', 'lab'],
    'main.ts': ['program.ts'],
  };
  const layerOf = (path: string): string => path.split('/')[1] ?? '';

  test('every layer has its place', () => {
    expect(
      [...new Set(sources.map(({ path }) => layerOf(path)))].filter((layer) => !(layer in allowed)),
    ).toEqual([]);
  });

  test.each(Object.keys(allowed))('%s imports itself and what is below', (layer) => {
    const may = [layer, ...(allowed[layer] ?? [])];
    const files = sources.filter(({ path }) => layerOf(path) === layer);
    const wrong = files.flatMap((file) =>
      importsOf(file)
        .filter((target) => target.startsWith('src/') && !may.includes(layerOf(target)))
        .map((target) => `${file.path}: ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  test('nothing of src imports a test', () => {
    expect(
      sources
        .filter((file) => importsOf(file).some((target) => target.startsWith('test/')))
        .map(({ path }) => path),
    ).toEqual([]);
  });
});

describe('files', () => {
  const linesOf = ({ text }: SourceFile): number => text.split('\n').length - 1;

  test('of src have at most 300 lines, those of tests at most 400', () => {
    const long = [
      ...sources.filter((file) => linesOf(file) > 300),
      ...tests.filter((file) => linesOf(file) > 400),
    ];
    expect(long.map((file) => `${file.path}: ${linesOf(file)} lines`)).toEqual([]);
  });

  test('are named after what they do', () => {
    const vague =
      /(?:^|[-.])(?:utils?|helpers?|libs?|managers?|commons?|misc|stuff|base|index|types)(?:[-.]|$)/;
    const named = [...sources, ...tests].filter(({ path }) => vague.test(basename(path, '.ts')));
    expect(
      named.map(({ path }) => path).filter((path) => !/(?:snapshot|world)-types\.ts$/.test(path)),
    ).toEqual([]);
  });

  test('export by name', () =>
    expect(matches(sources.concat(tests).map(codeOf), /^export (?:default\b|\*).*/gm)).toEqual([]));
});

describe('words', () => {
  test('slave and master only where another program speaks: SQL privileges, statements and options, server output, the environment of failover tools', () => {
    const theirs =
      /REPLICATION SLAVE|REPLICATION MASTER ADMIN|SHOW (?:ALL )?SLAVE|SHOW MASTER STATUS|(?:CHANGE|RESET) MASTER|(?:START|STOP|RESET) SLAVE|SLAVE_STATUS|--log-slave-updates|--slave-net-timeout|ORC_\w+|(?:orig|new)_master\w*|master_(?:ip|up)\w*|new_master/g;
    const ours = [...sources, ...tests, ...transcripts].filter(({ path }) => path !== 'test/tidy.test.ts');
    const without = ours.map(({ path, text }) => ({
      path,
      text: text.replace(theirs, (match) => ' '.repeat(match.length)),
    }));
    expect(matches(without, /\b(?:slaves?|masters?)\b/gi)).toEqual([]);
  });

  test('nothing is left for later without saying where', () => {
    const files = [...sources, ...tests].filter(({ path }) => path !== 'test/tidy.test.ts');
    expect(matches(files, /\b(?:TODO|FIXME|XXX|HACK)\b.*/g)).toEqual([]);
  });

  test('no test is skipped, focused or only planned', () => {
    const called = /\b(?:it|test|describe|suite)\s*\.\s*(?:skip|only|todo|fails)\b|\bx(?:it|describe)\s*\(/g;
    expect(matches(tests.map(codeOf), called)).toEqual([]);
  });
});

describe('docstrings', () => {
  const exported = /^export (?:abstract |async )?(?:function|class)\s+(\w+)/gm;
  const isDocumented = (text: string, at: number): boolean => /\*\/\s*$/.test(text.slice(0, at));

  test('every exported function and class says what it is; where a file is about one thing, the file may', () => {
    const silent = sources.flatMap(({ path, text }) =>
      [...text.matchAll(exported)]
        .filter((match) => !text.startsWith('/**') && !isDocumented(text, match.index))
        .map((match) => `${path}: ${match[1]}`),
    );
    expect(silent).toEqual([]);
  });
});
