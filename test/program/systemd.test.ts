/** The built program, started as systemd starts it, with a systemd-notify that tells the test. */

import { execFileSync } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { chmod, mkdir, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import { type Place, place, program, start } from './built-program.ts';

/** A pipe as the socket, and a program that writes its arguments and its surroundings there. */
async function supervisor(here: Place) {
  const socket = join(here.folder, 'notify');
  execFileSync('mkfifo', [socket]);
  const bin = join(here.folder, 'bin');
  await mkdir(bin);
  const notify = join(bin, 'systemd-notify');
  await writeFile(notify, '#!/bin/sh\necho "$*" "[$WATCHDOG_USEC]" >"$NOTIFY_SOCKET"\n');
  await chmod(notify, 0o755);
  // Open for both, so that neither end waits for the other.
  const pipe = await open(socket, 'r+');
  const stream = createReadStream('', { fd: pipe.fd, autoClose: false });
  onTestFinished(async () => {
    // The read that waits ends: else the process could not.
    await pipe.write('\n');
    stream.destroy();
    await pipe.close();
  });
  const lines = createInterface(stream)[Symbol.asyncIterator]();
  return {
    env: { PATH: `${bin}:${process.env['PATH']}`, NOTIFY_SOCKET: socket, WATCHDOG_USEC: '300000' },
    /** The next notice that is not only a sign of life. */
    async next(isWanted: (line: string) => boolean): Promise<string> {
      for (;;) {
        const { value = '', done } = await lines.next();
        if (done === true || isWanted(value)) return value;
      }
    },
  };
}

test('the daemon tells systemd that it watches, lives, reloads and stops', async () => {
  const here = await place();
  const systemd = await supervisor(here);
  const running = start([process.execPath, program, '--config', here.config, 'run'], {
    env: { ...process.env, ...systemd.env },
  });
  const news = (line: string): boolean => !line.startsWith('WATCHDOG');
  expect(await systemd.next(news)).toMatch(/^READY=1 STATUS=watches shop.* \[\]$/);
  expect(await systemd.next((line) => line.startsWith('WATCHDOG=1'))).toBeTruthy();
  running.child.kill('SIGHUP');
  expect(await systemd.next(news)).toMatch(/^RELOADING=1 MONOTONIC_USEC=\d+ /);
  expect(await systemd.next(news)).toMatch(/^READY=1 \[\]$/);
  running.child.kill('SIGTERM');
  expect(await systemd.next(news)).toMatch(/^STOPPING=1 /);
  expect(await running.ended).toMatchObject({ code: 0, err: '' });
});

test('without the program systemd-notify the daemon works, and says what systemd misses', async () => {
  const here = await place();
  const running = start([process.execPath, program, '--config', here.config, 'run'], {
    env: { ...process.env, PATH: here.folder, NOTIFY_SOCKET: join(here.folder, 'nobody') },
  });
  await running.said('"systemd-not-told"');
  running.child.kill('SIGTERM');
  expect(await running.ended).toMatchObject({ code: 0, err: '' });
});
