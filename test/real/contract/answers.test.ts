/** The columns of nsupdate and dig in the tables of odd answers, from the real programs of every version. */
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Sign } from '../../support/answer-parts.ts';
import { key, nowSeconds, name as owner, zone } from '../../support/client-world.ts';
import {
  answerTo,
  type FakeNameserver,
  signAnswer,
  startFakeNameserver,
} from '../../support/fake-nameserver.ts';
import { questionAnswers } from '../../support/question-answers.ts';
import { byVersion, everyBind } from '../../support/servers/nameservers.ts';
import {
  legalUpdateAnswers,
  type NsupdateVerdict,
  otherUpdateAnswers,
} from '../../support/update-answers.ts';

let nameserver: FakeNameserver;
let bytes: (message: Buffer, sign: Sign) => Buffer = (message) => answerTo(message);

beforeAll(async () => {
  nameserver = await startFakeNameserver((message, reply) => {
    const sign: Sign = (answer, { seconds = 0, ...parts } = {}) =>
      signAnswer(answer, message, { key, timeSeconds: nowSeconds() + seconds }, parts);
    reply(bytes(message, sign));
  });
});
afterAll(() => nameserver.close());

const secret = key.secret.export().toString('base64');
/** Bounds the time of a program that waits for another answer. */
const programMs = 4000;

async function runNsupdate(nsupdate: string): Promise<NsupdateVerdict> {
  const script = [
    `server 127.0.0.1 ${nameserver.port}`,
    `key hmac-sha256:k. ${secret}`,
    `zone ${zone}`,
    `update add ${owner} 5 IN A 192.0.2.1`,
    'send',
    '',
  ];
  const { exitCode, stderr, timedOut } = await execa(nsupdate, ['-v', '-r', '0', '-t', '2'], {
    input: script.join('\n'),
    timeout: programMs,
    reject: false,
  });
  if (/TSIG error/.test(stderr)) return 'no proof';
  if (exitCode === 0) return 'applied';
  return !timedOut && /update failed: [A-Z]/.test(stderr) ? 'refused' : 'unreadable';
}

describe.each(byVersion(await everyBind()))('%s', (_version, programs) => {
  test.each([...legalUpdateAnswers, ...otherUpdateAnswers])('nsupdate: $title', async (row) => {
    bytes = row.bytes;
    expect(await runNsupdate(programs.nsupdate)).toBe(row.nsupdate);
  });

  test.each(questionAnswers)('dig: $title', async (row) => {
    bytes = row.bytes;
    const args = [
      '@127.0.0.1',
      '-p',
      `${nameserver.port}`,
      '-y',
      `hmac-sha256:k.:${secret}`,
      '+tcp',
      '+tries=1',
      '+time=1',
      '+norec',
    ];
    const { stdout } = await execa(programs.dig, [...args, owner, 'A'], {
      timeout: programMs,
      reject: false,
    });
    expect(/status: [A-Z]+, id:/.test(stdout) ? 'shows' : 'drops').toBe(
      programs.version.startsWith('9.18.') ? (row.dig918 ?? row.dig) : row.dig,
    );
  });
});
