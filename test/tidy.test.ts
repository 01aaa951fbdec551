/**
 * Keeps the repository readable: the layers, the purity of the core, the size and the names of files, the
 * words. Lint does the rest (biome.json).
 */

import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, normalize } from 'node:path';
import { describe, expect, test } from 'vitest';
import { root, textOfFile } from './support/checkout.ts';

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

/** The imports of a file, as paths from the root where they are relative. */
const importsOf = ({ path, text }: SourceFile): readonly string[] =>
  [...text.matchAll(/\b(?:from|import)\s*\(?\s*'([^']+)'/g)].map(([, target = '']) =>
    target.startsWith('.') ? normalize(join(dirname(path), target)) : target,
  );

/** The file without comments and strings: words in these do not count here. */
const codeOf = ({ path, text }: SourceFile): SourceFile => {
  const blank = (match: string) => match.replace(/[^\n]/g, ' ');
  const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:[^'\\\n]|\\.)*'/g, blank);
  return { path, text: code };
};

describe('the core is pure: it', () => {
  test('knows no clock, no chance, no timers and no surroundings', () => {
    const impure =
      /\b(?:Date(?!\(wall\)\.toISOString)|performance|Math\s*\.\s*random|setTimeout|setInterval|setImmediate|queueMicrotask|process|globalThis|Buffer|fetch|crypto|console|require)\b|\b(?:async|await|Promise)\b/g;
    // Writing a given time is pure. `performance` and `process` in sentences of the core are strings.
    expect(matches(core.map(codeOf), impure)).toEqual([]);
  });

  test('has no state: nothing on the top level of a file can be changed', () => {
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

  test('is entered from outside only by its nouns, its statements, by step and by the snapshot', () => {
    const doors = /^src\/core\/(?:model\/|gtid\/|step\.ts$|report\/snapshot|decide\/advice\.ts$)/;
    const others = sources
      .filter(({ path }) => !path.startsWith('src/core/'))
      .flatMap((file) =>
        importsOf(file)
          .filter((target) => target.startsWith('src/core/') && !doors.test(target))
          .map((target) => `${file.path}: ${target}`),
      );
    expect(others).toEqual([]);
  });
});

/**
 * The rooms of a layer, the highest first, and what each may import beside itself. A file of the layer itself
 * is a room by its own name, without the ending.
 */
const rooms: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  'src/core': {
    step: ['turn', 'fence', 'rest', 'schedule', 'alarm', 'command', 'publish', 'decide', 'observe', 'model'],
    turn: ['command', 'publish', 'decide', 'observe', 'model'],
    fence: ['decide', 'observe', 'model'],
    rest: ['publish', 'observe', 'model'],
    schedule: ['publish', 'observe', 'model'],
    report: ['advise', 'alarm', 'publish', 'decide', 'observe', 'model', 'gtid'],
    advise: ['publish', 'decide', 'observe', 'model', 'gtid'],
    alarm: ['publish', 'decide', 'observe', 'model', 'gtid'],
    command: ['publish', 'decide', 'observe', 'model'],
    publish: ['decide', 'observe', 'model', 'gtid'],
    decide: ['observe', 'model', 'gtid'],
    observe: ['model', 'gtid'],
    model: ['gtid'],
    gtid: [],
  },
  'src/dns': {
    'open-zone-client': ['client', 'read', 'key', 'transport', 'message'],
    client: ['read', 'transport', 'message'],
    read: ['transport', 'message'],
    transport: ['message'],
    key: ['message'],
    message: [],
  },
  'src/mysql': {
    fence: ['connection', 'flavour', 'answer'],
    inspection: ['connection', 'flavour', 'answer'],
    probe: ['connection', 'flavour', 'answer'],
    connection: ['boundary', 'flavour', 'answer'],
    boundary: ['answer'],
    flavour: ['answer'],
    answer: [],
  },
  'src/lab': {
    'lab-command': ['run-lab', 'scenarios', 'stage'],
    'run-lab': ['stage', 'dba', 'servers', 'programs', 'host'],
    scenarios: ['stage', 'dba', 'servers', 'programs', 'host'],
    stage: ['dba', 'servers', 'programs', 'host'],
    dba: ['servers', 'host'],
    servers: ['programs', 'host'],
    programs: ['host'],
    host: [],
  },
};

const roomOf = (layer: string, path: string): string => {
  const [first = ''] = path.slice(layer.length + 1).split('/');
  return basename(first, '.ts');
};

/** The groups of files that import each other in a circle. */
function circlesAmong(files: readonly SourceFile[]): readonly (readonly string[])[] {
  const targets = new Map(files.map((file) => [file.path, importsOf(file)]));
  const reached = (from: string): ReadonlySet<string> => {
    const all = new Set<string>();
    const next = [...(targets.get(from) ?? [])];
    for (let path = next.pop(); path !== undefined; path = next.pop()) {
      if (all.has(path)) continue;
      all.add(path);
      next.push(...(targets.get(path) ?? []));
    }
    return all;
  };
  const reach = new Map(files.map(({ path }) => [path, reached(path)]));
  const circleOf = (path: string): readonly string[] =>
    files
      .map((file) => file.path)
      .filter((other) => reach.get(path)?.has(other) && reach.get(other)?.has(path));
  const circles = files.map(({ path }) => circleOf(path)).filter((circle) => circle.length > 0);
  return [...new Map(circles.map((circle) => [circle.join(), circle])).values()];
}

describe('imports run one way', () => {
  const lower = ['core', 'ports.ts', 'suggest.ts', 'demand.ts'];
  const adapters = ['mysql', 'dns', 'config'];
  const allowed: Readonly<Record<string, readonly string[]>> = {
    core: [],
    'ports.ts': ['core'],
    'suggest.ts': [],
    'demand.ts': [],
    mysql: lower,
    dns: lower,
    config: lower,
    hook: lower,
    daemon: [...lower, ...adapters, 'hook'],
    http: [...lower, ...adapters, 'hook', 'daemon'],
    metrics: [...lower, 'daemon', 'http'],
    page: ['core', 'daemon', 'http'],
    doctor: [...lower, ...adapters, 'daemon', 'http'],
    setup: [...lower, ...adapters, 'daemon'],
    cli: [...lower, ...adapters, 'hook', 'daemon', 'http', 'metrics', 'page', 'doctor', 'setup'],
    library: ['core', 'dns', 'daemon'],
    client: ['core'],
    lab: [...lower, ...adapters, 'daemon', 'http', 'cli', 'client'],
    'adapters.ts': [...lower, ...adapters, 'daemon', 'doctor'],
    'program.ts': [...lower, 'adapters.ts', 'config', 'daemon', 'cli', 'lab'],
    // A hook is started in a hurry: it loads no more than it needs.
    'main.ts': ['program.ts', 'hook', 'http', 'suggest.ts'],
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

  test.each(Object.keys(rooms))('the rooms of %s import only the rooms below them', (layer) => {
    const may = rooms[layer] ?? {};
    const files = sources.filter(({ path }) => path.startsWith(`${layer}/`));
    expect(
      [...new Set(files.map(({ path }) => roomOf(layer, path)))].filter((room) => !(room in may)),
    ).toEqual([]);
    const wrong = files.flatMap((file) => {
      const room = roomOf(layer, file.path);
      return importsOf(file)
        .filter((target) => target.startsWith(`${layer}/`))
        .map((target) => ({ target, at: roomOf(layer, target) }))
        .filter(({ at }) => at !== room && !(may[room] ?? []).includes(at))
        .map(({ target }) => `${file.path}: ${target}`);
    });
    expect(wrong).toEqual([]);
  });

  test('docs/ARCHITECTURE.md names the rooms of the core, and what each may import', () => {
    const [, table = ''] = textOfFile('docs/ARCHITECTURE.md').split('| room of `src/core` |');
    const row = /^\| `([a-z]+)(?:\.ts|\/)` \| .* \| ([^|]*) \|$/gm;
    const named = [...(table.split('\n\n')[0] ?? '').matchAll(row)].map(([, room = '', may = '']) => [
      room,
      may === 'nothing' ? [] : may.split(', '),
    ]);
    expect(Object.fromEntries(named)).toEqual(rooms['src/core']);
  });

  test('no files import each other in a circle, type imports included', () => {
    expect(circlesAmong(sources)).toEqual([]);
  });

  test('the package for clients has one reading of the ledger, and needs nothing but Node', () => {
    const clients = sources.filter(({ path }) => layerOf(path) === 'client');
    const may =
      /^(?:src\/client\/|src\/core\/model\/ledger(?:-text)?\.ts$|node:(?:dns|dns\/promises|events|net)$)/;
    const wrong = clients.flatMap((file) =>
      importsOf(file)
        .filter((target) => !may.test(target))
        .map((target) => `${file.path}: ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  test('no package is loaded before the program knows the command', () => {
    const files = new Map(sources.map((file) => [file.path, file]));
    const loaded = new Set(['src/program.ts']);
    for (const path of loaded)
      for (const [, target = ''] of files
        .get(path)
        ?.text.matchAll(/^(?:import|export) (?!type )[^;]*?from '([^']+)'/gm) ?? [])
        loaded.add(target.startsWith('.') ? normalize(join(dirname(path), target)) : target);
    expect(loaded).toContain('src/cli/command-table.ts');
    expect([...loaded].filter((path) => !path.startsWith('src/') && !path.startsWith('node:'))).toEqual([]);
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

  test('of src have at most 300 lines, those of tests at most 450', () => {
    const long = [
      ...sources.filter((file) => linesOf(file) > 300),
      ...tests.filter((file) => linesOf(file) > 450),
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

  test('begin with a comment that says what they are for', () => {
    const bare = [...sources, ...tests].filter(({ text }) => !/^(?:#!.*\n)?\/\*\*/.test(text));
    expect(bare.map(({ path }) => path)).toEqual([]);
  });

  test('are at most 110 columns wide; only a string may be longer', () => {
    const mayBeLonger = /^\s*(?!\/\*\*|\*|\/\/).*['"`/]/;
    const withoutLongTexts = (text: string) =>
      text.replace(/[(=] ?`\n[^`]*`/g, (match) => match.replace(/[^\n]/g, ''));
    const wide = [...sources, ...tests].flatMap(({ path, text }) =>
      withoutLongTexts(text)
        .split('\n')
        .flatMap((line, index) =>
          line.length > 110 && !mayBeLonger.test(line) ? [`${path}:${index + 1}`] : [],
        ),
    );
    expect(wide).toEqual([]);
  });

  test('import a module once', () => {
    const twice = [...sources, ...tests].flatMap((file) => {
      const targets = [...file.text.matchAll(/^(?:import|\}) .*\bfrom '([^']+)';$/gm)].map(
        ([, target]) => target,
      );
      return targets
        .filter((target, at) => targets.indexOf(target) !== at)
        .map((target) => `${file.path}: ${target}`);
    });
    expect(twice).toEqual([]);
  });

  test('spell constants in camelCase, except for the code tables of DNS', () => {
    const capitals = /^(?:export )?const [A-Z][A-Z0-9_]*\b/gm;
    expect(
      matches(
        [...sources, ...tests].filter(({ path }) => path !== 'src/dns/message/codes.ts'),
        capitals,
      ),
    ).toEqual([]);
  });

  test('export by name', () =>
    expect(matches(sources.concat(tests).map(codeOf), /^export (?:default\b|\*).*/gm)).toEqual([]));
});

describe('words', () => {
  test('slave and master appear only in the words of other programs: SQL privileges, statements and options, server output, the environment of failover tools', () => {
    const theirs =
      /REPLICATION SLAVE|SLAVE MONITOR|REPLICATION MASTER ADMIN|SHOW (?:ALL )?SLAVE|SHOW MASTER STATUS|(?:CHANGE|RESET) MASTER|(?:START|STOP|RESET) SLAVE|SLAVE_STATUS|semi-sync ACK from slave|--log-slave-updates|--slave-net-timeout|skip-slave-start|Slave has read all|ORC_INSTANCE_TYPE: '\w+'|ORC_\w+|graceful-master-takeover|Master cannot be reached|--master-list|(?:orig|new)_master\w*|master_(?:ip|up)\w*|new_master/g;
    const ours = [...sources, ...tests, ...transcripts].filter(({ path }) => path !== 'test/tidy.test.ts');
    const without = ours.map(({ path, text }) => ({
      path,
      text: text.replace(theirs, (match) => ' '.repeat(match.length)),
    }));
    expect(matches(without, /\b(?:slaves?|masters?)\b/gi)).toEqual([]);
  });

  test('no word of the texts is hard for a reader whose second language is English', () => {
    const hard =
      /\b(?:whom|whoever|lest|amid|besides|of its own accord|(?:speaks|tells) of|stands in the way|to be had)\b/gi;
    const documents = [...filesUnder('docs', ['.md']), ...filesUnder('bind-config', [''])];
    const files = [...sources, ...tests, ...transcripts, ...documents];
    expect(
      matches(
        files.filter(({ path }) => path !== 'test/tidy.test.ts'),
        hard,
      ),
    ).toEqual([]);
  });

  test('nothing is left for later without a place to find it', () => {
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

  test('every exported function and class has a comment, or the file has one', () => {
    const silent = sources.flatMap(({ path, text }) =>
      [...text.matchAll(exported)]
        .filter((match) => !text.startsWith('/**') && !isDocumented(text, match.index))
        .map((match) => `${path}: ${match[1]}`),
    );
    expect(silent).toEqual([]);
  });
});
