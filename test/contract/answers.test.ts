/** The column of nsupdate and dig in the table of odd answers (`test/dns/answers.ts`), from the real programs. */
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type BindPrograms, provideBind } from '../../src/lab/bind-programs.ts';
import { legalUpdateAnswers, type NsupdateVerdict, otherUpdateAnswers, questionAnswers, type Sign } from '../dns/answers.ts';
import { key, nowSeconds, name as owner, zone } from '../dns/client-world.ts';
import { answerTo, type FakeNameserver, signAnswer, startFakeNameserver } from '../dns/fake-nameserver.ts';

let programs: BindPrograms;
let nameserver: FakeNameserver;
let bytes: (message: Buffer, sign: Sign) => Buffer = (message) => answerTo(message);

beforeAll(async () => {
  programs = await provideBind(() => {});
  nameserver = await startFakeNameserver((message, reply) => {
    const sign: Sign = (answer, { seconds = 0, ...parts } = {}) => signAnswer(answer, message, key, nowSeconds() + seconds, parts);
    reply(bytes(message, sign));
  });
});
afterAll(() => nameserver.close());

const secret = key.secret.export().toString('base64');
/** Bounds a program that waits for another answer. */
const PROGRAM_MS = 4000;

async function nsupdate(): Promise<NsupdateVerdict> {
  const script = [
    `server 127.0.0.1 ${nameserver.port}`,
    `key hmac-sha256:k. ${secret}`,
    `zone ${zone}`,
    `update add ${owner} 5 IN A 192.0.2.1`,
    'send',
    '',
  ];
  const { exitCode, stderr, timedOut } = await execa(programs.nsupdate, ['-v', '-r', '0', '-t', '2'], {
    input: script.join('\n'),
    timeout: PROGRAM_MS,
    reject: false,
  });
  if (/TSIG error/.test(stderr)) return 'no proof';
  if (exitCode === 0) return 'applied';
  return !timedOut && /update failed: [A-Z]/.test(stderr) ? 'refused' : 'unreadable';
}

test.each([...legalUpdateAnswers, ...otherUpdateAnswers])('nsupdate: $title: $nsupdate', async (row) => {
  bytes = row.bytes;
  expect(await nsupdate()).toBe(row.nsupdate);
});

test.each(questionAnswers)('dig: $title: $dig', async (row) => {
  bytes = row.bytes;
  const args = ['@127.0.0.1', '-p', `${nameserver.port}`, '-y', `hmac-sha256:k.:${secret}`, '+tcp', '+tries=1', '+time=1', '+norec'];
  const { stdout } = await execa(programs.dig, [...args, owner, 'A'], { timeout: PROGRAM_MS, reject: false });
  expect(/status: [A-Z]+, id:/.test(stdout) ? 'shows' : 'drops').toBe(row.dig);
});
