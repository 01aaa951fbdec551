/** The account of `source-dns init`: its password, and what to do where the account does not exist yet. */

import { join, resolve } from 'node:path';
import { Secret } from '../../config/secret.ts';
import { readBounded } from '../../config/secret-files.ts';
import { splitAddress } from '../../core/model/observation.ts';
import { grantsText, newAccountSql, newPassword } from '../../setup/account-texts.ts';
import { grantsName } from '../../setup/all-files.ts';
import { passwordFileName } from '../../setup/configuration-text.ts';
import { writeNewFiles } from '../../setup/new-files.ts';
import { shellWord } from '../../setup/next-steps.ts';
import type { Answers } from '../../setup/questions.ts';
import { exitCodes } from '../exit-code.ts';
import { endOfInput, endText, type Stopped, stopped } from './ask.ts';
import type { Contact } from './init-contact.ts';
import type { InitRun } from './init-context.ts';

export interface Password {
  readonly kind: 'password';
  readonly secret: Secret;
  /** `new`: nobody has it yet, so the account must be created with it. */
  readonly origin: 'file' | 'output' | 'typed' | 'new';
}

const maxPasswordBytes = 4096;
const passwordVariable = 'SOURCE_DNS_MYSQL_PASSWORD';

/** Whether a password can be had without a person. */
export async function hasPassword({ args, tools, output }: InitRun): Promise<boolean> {
  if (args.passwordFile !== undefined || args.newAccount || args.yes || tools.env[passwordVariable])
    return true;
  return (await readBounded(join(output, passwordFileName), maxPasswordBytes)).kind === 'read';
}

/** Never from an argument: every user of this machine can see those. */
export async function passwordFor(run: InitRun): Promise<Password | Stopped> {
  const { args, tools, asking, output } = run;
  if (args.passwordFile !== undefined)
    return fromFile(run, resolve(tools.cwd ?? '/', args.passwordFile), 'file');
  const earlier = join(output, passwordFileName);
  if ((await readBounded(earlier, maxPasswordBytes)).kind === 'read') {
    asking.say(`The password is the one in ${earlier}.\n`);
    const grants = await readBounded(join(output, grantsName), maxPasswordBytes);
    asking.early.used = [passwordFileName, ...(grants.kind === 'read' ? [grantsName] : [])];
    return fromFile(run, earlier, 'output');
  }
  const variable = tools.env[passwordVariable];
  if (variable) return { kind: 'password', secret: new Secret(variable), origin: 'typed' };
  if (args.newAccount || asking.prompter === undefined || asking.yes) return made();
  asking.say(
    '\nThe password of that account\n  It is not shown. Empty: the account does not exist yet; init makes a password and the statements.\n',
  );
  const line = await asking.prompter.secret('> ');
  if (line === undefined) return endOfInput(asking);
  const text = line.replace(/\r$/, '');
  return text === '' ? made() : { kind: 'password', secret: new Secret(text), origin: 'typed' };
}

const made = (): Password => ({ kind: 'password', secret: new Secret(newPassword()), origin: 'new' });

async function fromFile(
  { asking }: InitRun,
  file: string,
  origin: 'file' | 'output',
): Promise<Password | Stopped> {
  const read = await readBounded(file, maxPasswordBytes);
  const text = read.kind === 'read' ? read.text.replace(/\r?\n$/, '') : '';
  const problem =
    read.kind === 'failed'
      ? read.problem
      : text === ''
        ? 'is empty'
        : /[\r\n]/.test(text)
          ? 'has more than one line; it must contain only the password'
          : undefined;
  if (problem === undefined) return { kind: 'password', secret: new Secret(text), origin };
  asking.say(`the password file ${file} ${problem}\n`);
  return stopped(exitCodes.usage);
}

/**
 * Writes the new password and grants.sql, prints the statements, and lets a person run them. `stopped`:
 * nobody is there; the command can be run again.
 */
export async function createAccount(
  run: InitRun,
  answers: Answers,
  password: Password,
  { product, server }: Contact,
): Promise<Stopped | undefined> {
  const { args, asking, output } = run;
  const account = {
    user: answers.get('mysql-user') ?? '',
    hosts: answers.get('account-host') ?? '%',
    product,
  };
  const statements = newAccountSql(account)
    .map((statement) => `  ${statement}\n`)
    .join('');
  asking.say(`\nThe account does not exist yet. On the source, these statements create it:\n${statements}`);
  if (args.dryRun) {
    asking.say('The password is made when the files are written: run init without --dry-run.\n');
    return stopped(exitCodes.unreachable);
  }
  const written = await writeNewFiles(output, [
    { name: passwordFileName, mode: 0o600, text: `${password.secret.reveal()}\n`, secret: true },
    { name: grantsName, mode: 0o600, text: grantsText(account, password.secret.reveal()), secret: true },
  ]);
  if (written.kind === 'failed') {
    asking.say(`${written.problem}\n${endText(asking)}\n`);
    return stopped(exitCodes.failed);
  }
  asking.early.written = written.fresh;
  const { host, port } = splitAddress(server);
  const command = `mysql -h ${shellWord(host)} -P ${port} -u ADMIN -p < ${shellWord(join(output, grantsName))}`;
  asking.say(
    `They are in ${join(output, grantsName)}, with a new password. Run there, or here:\n  ${command}\n`,
  );
  if (asking.prompter === undefined) {
    asking.say(
      `The account does not exist yet: run ${join(output, grantsName)} on the source, then this command again. It uses that password.\n`,
    );
    return stopped(exitCodes.unreachable);
  }
  const line = await asking.prompter.line('Press Enter when the account exists > ');
  return line === undefined ? endOfInput(asking) : undefined;
}
