/** The first contact of `source-dns init` with a server, before there is an account: no password is sent. */

import { splitAddress } from '../../core/model/observation.ts';
import type { ServerAddress } from '../../core/model/units.ts';
import { type Answers, clusterQuestion, listOf, serverQuestion } from '../../setup/questions.ts';
import { exitCodes } from '../exit-code.ts';
import { printable } from '../style.ts';
import { askAll, endText, type Stopped, stopped } from './ask.ts';
import type { InitRun } from './init-context.ts';

export interface Contact {
  readonly server: ServerAddress;
  readonly product: 'mysql' | 'mariadb';
  /** The address of this host on the way to the server; undefined: not known, or loopback. */
  readonly local: string | undefined;
}

interface Met {
  readonly kind: 'met';
  readonly answers: Answers;
  /** Undefined: nobody could be asked for another server, and none answers. */
  readonly contact: Contact | undefined;
}

const maxTries = 5;

/** Asks for a server until one greets. In a script, the later search says why none does. */
export async function meetServer(run: InitRun): Promise<Met | Stopped> {
  const { asking, args } = run;
  const questions = [clusterQuestion, serverQuestion(args.allowLoopback)];
  let asked = await askAll(asking, questions, new Map());
  for (let tries = 1; asked.kind === 'answered'; tries++) {
    const { answers } = asked;
    const contact = await firstContact(run, answers);
    if (contact !== undefined || asking.prompter === undefined) return { kind: 'met', answers, contact };
    if (tries >= maxTries) {
      asking.say(`No server greets after ${maxTries} tries. ${endText(asking)}\n`);
      return stopped(exitCodes.unreachable);
    }
    const given = new Map([...asking.given].filter(([flag]) => flag !== 'server'));
    const again = { ...serverQuestion(args.allowLoopback), fallback: () => answers.get('server') };
    asked = await askAll({ ...asking, given, yes: false }, [again], answers);
  }
  return asked;
}

async function firstContact({ tools, asking }: InitRun, answers: Answers): Promise<Contact | undefined> {
  for (const server of listOf(answers.get('server') ?? '') as readonly ServerAddress[]) {
    const { host, port } = splitAddress(server);
    const greeting = await tools.greet(host, port);
    if (greeting.kind === 'failed') {
      asking.say(`\n${server} cannot be reached: ${greeting.why}.\n`);
      continue;
    }
    const { product, version } = greeting;
    asking.say(`\n${server} is ${product === 'mariadb' ? 'MariaDB' : 'MySQL'} ${printable(version)}.\n`);
    return { server, product, local: ownAddress(greeting.local) };
  }
  return undefined;
}

/** A server that is reached by loopback may see another address, for example that of a bridge. */
function ownAddress(local: string | undefined): string | undefined {
  const address = local?.replace(/^::ffff:/i, '').replace(/%.*$/, '');
  return address === undefined || /^127\.|^::1$/.test(address) ? undefined : address;
}

/** The product decides which statements make the account. */
export function noContact({ asking }: InitRun): Stopped {
  asking.say(`No server can be reached, so no account can be made. ${endText(asking)}\n`);
  return stopped(exitCodes.unreachable);
}
