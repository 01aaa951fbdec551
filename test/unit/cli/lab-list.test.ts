/** `source-dns lab --list`, and unknown scenarios. No server starts. */

import { describe, expect, test } from 'vitest';
import { labCommand } from '../../../src/lab/lab-command.ts';
import { scenarios } from '../../../src/lab/scenarios/scenario-table.ts';
import { textOfFile } from '../../support/checkout.ts';

async function lab(options: {
  readonly scenario?: string;
  readonly list?: boolean;
  readonly json?: boolean;
}) {
  let [out, err] = ['', ''];
  const code = await labCommand({
    list: false,
    once: true,
    json: false,
    keep: false,
    defaultPool: false,
    program: ['/nowhere'],
    colours: false,
    ...options,
    write: (text) => {
      out += text;
    },
    writeError: (text) => {
      err += text;
    },
    abort: () => undefined,
    onInterrupt: () => () => undefined,
  });
  return { code, out, err };
}

describe('source-dns lab --list', () => {
  test('has a line for every scenario: how long it takes, what it needs, what happens', async () => {
    const { code, out } = await lab({ list: true });
    expect(code).toBe(0);
    const [head, ...lines] = out.trimEnd().split('\n');
    expect(head).toMatch(/^SCENARIO +ABOUT +NEEDS +WHAT HAPPENS$/);
    expect(lines.map((line) => line.split(' ')[0])).toEqual(scenarios.map(({ name }) => name));
    expect(lines[0]).toMatch(/^semi-sync \(default\) +\d+ s +MySQL +the manual's failover/);
    expect(lines.find((line) => line.startsWith('group-isolate'))).toContain('MySQL, network namespaces');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(150);
  });

  test('prints one JSON object per line', async () => {
    const { out } = await lab({ list: true, json: true });
    const listed = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(listed).toHaveLength(scenarios.length);
    expect(listed[0]).toEqual({
      name: 'semi-sync',
      summary: expect.any(String),
      needs: ['MySQL'],
      seconds: expect.any(Number),
      default: true,
    });
    expect(listed.filter((each) => each.default)).toHaveLength(1);
  });

  test('names the scenarios of docs/OPERATING.md, in the same order', () => {
    const page = textOfFile('docs/OPERATING.md');
    const [, lab = ''] = page.split('\n## The lab\n');
    const told = [...(lab.split('\n## ')[0] ?? '').matchAll(/^\| (`[^|]*`) \|/gm)].flatMap(([, names = '']) =>
      names.split(', ').map((name) => name.slice(1, -1)),
    );
    expect(told).toEqual(scenarios.map(({ name }) => name));
  });

  test('names are unique, lower case, and words with hyphens', () => {
    const names = scenarios.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[a-z]+(?:-[a-z0-9.]+)*$/);
  });
});

describe('source-dns lab --scenario', () => {
  test.each([
    ['semisync', '; did you mean "semi-sync"?'],
    ['group_kill', '; did you mean "group-kill"?'],
    ['postgres', ''],
  ])('%s is a usage error', async (scenario, suggestion) => {
    expect(await lab({ scenario })).toEqual({
      code: 2,
      out: '',
      err: `source-dns: there is no scenario "${scenario}"${suggestion}\nSee: source-dns lab --list\n`,
    });
  });
});
