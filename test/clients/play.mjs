/**
 * One application: `node play.mjs CLIENT SETTINGS`. It opens what the module of that name gives, writes by itself and
 * in transactions until SIGTERM, closes, and then nothing may keep the process.
 */

import { setTimeout as delay } from 'node:timers/promises';

const writersOfEachKind = 2;
const pauseMs = 100;

const [name, text] = process.argv.slice(2);
const { module, ...settings } = JSON.parse(text);
const { open } = await import(`./${module}.mjs`);
const client = await open(settings);

const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
let ended = false;
process.once('SIGTERM', () => {
  ended = true;
});

/** The error of the driver: some libraries wrap it. */
const told = ({ code, errno, message, cause, parent, driverError }) => {
  const inner = parent ?? driverError ?? cause;
  if (code === undefined && inner) return told(inner);
  return { code, errno, message };
};

async function keepWriting(kind, write) {
  for (let number = 1; !ended; number++) {
    const id = `${name}/${kind}/${number}`;
    say({ begun: id });
    try {
      await write(id);
      say({ done: id });
    } catch (error) {
      say({ failed: id, ...told(error) });
    }
    await delay(pauseMs);
  }
}

const writers = Array.from({ length: writersOfEachKind }, (_, index) => [
  keepWriting(`alone-${index}`, (id) => client.write(id)),
  keepWriting(`both-${index}`, (id) => client.writeBoth(id)),
]);
await Promise.all(writers.flat());
await client.close();
say({ closed: true });
