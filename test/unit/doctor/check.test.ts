/** The frame of the doctor: checks side by side, each bounded, and the text that people read. */

import { describe, expect, test } from 'vitest';
import { checkText } from '../../../src/cli/check-text.ts';
import { createStyle } from '../../../src/cli/style.ts';
import { type Check, runChecks } from '../../../src/doctor/check.ts';
import type { Finding } from '../../../src/doctor/finding.ts';
import { worldOf } from '../../support/doctor-world.ts';
import { fakeClock } from '../../support/fakes.ts';

const finding = (area: Finding['area'], code: string, verdict: Finding['verdict'] = 'ok'): Finding => ({
  area,
  code,
  subject: 'db1:3306',
  verdict,
  sentence: 'it is so',
  mends: [],
});

const check = (area: Finding['area'], name: string, look: Check['look']): Check => ({
  area,
  name,
  codes: [`${name}-bad`],
  look,
});

describe('the checks', () => {
  test('are all begun before one has ended, and are told by area', async () => {
    let end: () => void = () => {};
    const first = check('mysql', 'first', () =>
      new Promise<void>((resolve) => {
        end = resolve;
      }).then(() => [finding('mysql', 'first'), finding('mysql', 'first-bad', 'fault')]),
    );
    const second = check('configuration', 'second', async () => {
      end();
      return [finding('configuration', 'second')];
    });
    const { findings, counts } = await runChecks(worldOf(), [first, second]);
    expect(findings.map(({ code }) => code)).toEqual(['second', 'first', 'first-bad']);
    expect(counts).toEqual({ ok: 2, warning: 0, fault: 1, unreachable: 0 });
  });

  test('one that does not end is told, and the others count', async () => {
    const clock = fakeClock();
    const world = { ...worldOf(), clock, deadline: (clock.mono() + 500) as ReturnType<typeof clock.mono> };
    const running = runChecks(world, [
      check('zone', 'hangs', () => new Promise(() => {})),
      check('host', 'ends', async () => [finding('host', 'ends')]),
    ]);
    await clock.advance(500);
    const { findings } = await running;
    expect(findings.map(({ code, subject, verdict }) => [code, subject, verdict])).toEqual([
      ['ends', 'db1:3306', 'ok'],
      ['check-late', 'hangs', 'unreachable'],
    ]);
    expect(clock.timers()).toBe(0);
  });

  test('one that throws is a bug', async () => {
    const broken = check('host', 'broken', async () => {
      throw new Error('a bug');
    });
    await expect(runChecks(worldOf(), [broken])).rejects.toThrow('a bug');
  });

  test('a code that no document has is a bug', async () => {
    const stranger = check('host', 'known', async () => [finding('host', 'unknown', 'fault')]);
    await expect(runChecks(worldOf(), [stranger])).rejects.toThrow('"known" found "unknown"');
  });
});

describe('the text', () => {
  const grant =
    "GRANT SELECT ON performance_schema.replication_applier_status_by_coordinator TO 'source_dns'@'10.%';";
  const missing = (subject: string): Finding => ({
    ...finding('mysql', 'grant-missing', 'fault'),
    subject,
    mends: [{ where: 'on the source db1:3306', lines: [grant] }],
  });
  const findings = [
    { ...finding('host', 'node'), subject: 'Node.js', sentence: '20.19.0' },
    finding('mysql', 'login'),
    { ...finding('mysql', 'login'), subject: 'db2:3306', sentence: 'something else' },
    missing('db1:3306'),
    missing('db2:3306'),
    finding('mysql', 'name-lookup', 'warning'),
  ];
  const counts = { ok: 3, warning: 1, fault: 2, unreachable: 0 };

  test('is short where all is well, says a fault once, and breaks no line to paste', () => {
    expect(checkText({ findings, counts }, createStyle(false), 60)).toBe(`host
  ok node: Node.js: 20.19.0

mysql
  ok login: db1:3306, db2:3306
  FAULT grant-missing: db1:3306, db2:3306: it is so
      on the source db1:3306:
        ${grant}
  warning name-lookup: db1:3306: it is so

2 faults, 1 warning, 6 checks
`);
  });

  test('counts what did not answer', () => {
    const one = { ok: 0, warning: 0, fault: 0, unreachable: 1 };
    expect(
      checkText({ findings: [finding('zone', 'x', 'unreachable')], counts: one }, createStyle(false)),
    ).toContain('\n0 faults, 1 unreachable, 0 warnings, 1 check\n');
  });
});
