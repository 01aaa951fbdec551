/** `source-dns init`: asks, looks around, writes new files, and says what to do next. */

import { join, resolve } from 'node:path';
import { readBounded } from '../../config/secret-files.ts';
import { readKey } from '../../dns/key/key-reading.ts';
import { newKeySecret } from '../../dns/key/new-key.ts';
import type { TsigKey } from '../../dns/message/tsig.ts';
import { filesOf, grantsName } from '../../setup/all-files.ts';
import { bare } from '../../setup/bind-texts.ts';
import { keyFileName, passwordFileName } from '../../setup/configuration-text.ts';
import { type NewFile, writeNewFiles } from '../../setup/new-files.ts';
import { nextSteps } from '../../setup/next-steps.ts';
import {
  type Answers,
  caQuestion,
  clusterQuestion,
  hostsQuestion,
  keyNameQuestion,
  none,
  problemText,
  type Question,
  serverQuestion,
  tlsQuestion,
  userQuestion,
} from '../../setup/questions.ts';
import type { Setup } from '../../setup/setup.ts';
import { nameQuestion, nameserverQuestion, replicasQuestion } from '../../setup/zone-questions.ts';
import type { InitArguments } from '../commands/init.ts';
import { complain } from '../complain.ts';
import type { CommandContext } from '../context.ts';
import { type ExitCode, exitCodes } from '../exit-code.ts';
import { failureText } from '../failure-text.ts';
import { type Answered, askAll, endText, missingText, type Stopped, stopped } from './ask.ts';
import { createAccount, hasPassword, type Password, passwordFor } from './init-account.ts';
import { chooseServers } from './init-cluster.ts';
import { type Contact, meetServer, noContact } from './init-contact.ts';
import type { InitRun, InitTools } from './init-context.ts';
import { noFolder, oddPath, placesOf, sayProgram } from './init-places.ts';
import { printFiles, report } from './init-report.ts';
import { tlsOf } from './init-search.ts';
import { chooseZone } from './init-zone.ts';

export async function init(
  context: CommandContext,
  args: InitArguments,
  tools: InitTools,
): Promise<ExitCode> {
  const { terminal, clock } = context;
  const maker = await context.loadMaker();
  let isWriting = false;
  // Until the files get their names there is nothing to undo; while they get them, the end must come.
  const interrupt = (): void => {
    if (!isWriting) context.exit(130);
  };
  const stops = (['SIGINT', 'SIGTERM'] as const).map((signal) => context.onSignal(signal, interrupt));
  const prompter = tools.openPrompter(interrupt);
  const output = resolve(tools.cwd ?? '/', args.output ?? (tools.isRoot ? '/etc/source-dns' : 'source-dns'));
  let last = '';
  const say = (text: string): void => {
    last = text;
    terminal.err(text);
  };
  const asking = { given: args.given, prompter, yes: args.yes, say, early: { written: [], used: [] } };
  const run: InitRun = { args, tools, maker, clock, asking, output };
  try {
    const gathered = await gather(run);
    if (gathered.kind === 'stopped') {
      if (context.json) complain(context, { code: codeOf(gathered.exit), message: last.trim() });
      return gathered.exit;
    }
    const { setup, files, used } = gathered;
    if (args.dryRun) return printFiles(context, files, nextSteps(setup, output));
    isWriting = true;
    const written = await writeNewFiles(output, files);
    isWriting = false;
    return await report(context, { output, written, setup, used, end: endText(asking) });
  } finally {
    prompter?.close();
    for (const stop of stops) stop();
  }
}

const codeOf = (exit: ExitCode): string =>
  exit === exitCodes.usage ? 'usage' : exit === exitCodes.unreachable ? 'unreachable' : 'failed';

interface Gathered {
  readonly kind: 'gathered';
  readonly setup: Setup;
  readonly files: readonly NewFile[];
  /** Files of an earlier run, which this run has used. */
  readonly used: readonly string[];
}

const accountQuestions = ({ args }: InitRun, local: string | undefined): readonly Question[] => [
  userQuestion,
  ...(args.newAccount || args.given.has('account-host') ? [hostsQuestion(local)] : []),
  tlsQuestion,
  caQuestion,
];

async function gather(run: InitRun): Promise<Gathered | Stopped> {
  const { asking, output, args } = run;
  const lack = noFolder(run) ?? oddPath(run) ?? (await lackText(run));
  if (lack !== undefined) {
    asking.say(lack);
    return stopped(exitCodes.usage);
  }
  asking.say(
    `The files go to ${output}${args.output === undefined ? ' (another folder: --output)' : ''}. No file is replaced.\n`,
  );
  const key = await existingKey(run);
  if (key !== undefined && 'kind' in key) return key;
  sayProgram(run);
  const access = await firstAccess(run);
  if (access.kind === 'stopped') return access;
  const chosen = await chooseServers(run, access.answers, access);
  if (chosen.kind === 'stopped') return chosen;
  const zone = await chooseZone(run, chosen.answers, {
    name: key?.name ?? args.given.get('key-name')?.toLowerCase() ?? 'source-dns-key',
    key: key?.key,
  });
  if (zone.kind === 'stopped') return zone;
  const { answers, servers, product } = chosen;
  const setup: Setup = {
    cluster: answers.get('cluster') ?? '',
    mode: args.mode,
    servers,
    mysql: {
      user: answers.get('mysql-user') ?? '',
      hosts: answers.get('account-host') ?? '%',
      tls: tlsOf(answers),
      caFile: access.caFile,
      product,
    },
    names: zone.names,
    nameserver: zone.nameserver,
    zone: zone.zone,
    adopt: zone.adopt,
    key: { name: key?.name ?? zone.keyName, file: key?.file },
    places: placesOf(run),
    allowLoopback: args.allowLoopback,
  };
  // Another password than that of an earlier run must not hide behind the old file.
  const isOld = chosen.password.reveal() === access.password.reveal();
  const earlier = access.used.filter((name) => isOld || name !== passwordFileName);
  const used = [...earlier, ...(key !== undefined && key.file === undefined ? [keyFileName] : [])];
  const secrets = {
    password: chosen.password.reveal(),
    key: key === undefined ? newKeySecret() : undefined,
    transferKey: newKeySecret(),
  };
  const files = filesOf(setup, secrets, await run.tools.unit()).filter(({ name }) => !used.includes(name));
  return { kind: 'gathered', setup, files, used };
}

/** Without a terminal: all flags that are missing, before anything is asked or done. */
async function lackText(run: InitRun): Promise<string | undefined> {
  const { asking, args } = run;
  if (asking.prompter !== undefined) return undefined;
  const questions = [
    clusterQuestion,
    serverQuestion(args.allowLoopback),
    // Its default depends on the connection to the server.
    ...accountQuestions(run, undefined).filter(({ flag }) => flag !== 'account-host'),
    nameQuestion,
    replicasQuestion,
    nameserverQuestion,
  ];
  const missing = questions.filter(
    (question) =>
      !asking.given.has(question.flag) &&
      question.when?.(asking.given) !== false &&
      // The name's default depends on the servers.
      !(args.yes && (question.fallback?.(asking.given) !== undefined || question === replicasQuestion)),
  );
  if (missing.length > 0) return missingText(missing, asking.given);
  return (await hasPassword(run))
    ? undefined
    : 'there is no password: add --mysql-password-file FILE, or set $SOURCE_DNS_MYSQL_PASSWORD, or add --new-account if the account does not exist yet\n';
}

interface ExistingKey {
  readonly name: string;
  /** Undefined: in the output folder. */
  readonly file: string | undefined;
  readonly key: TsigKey;
}

async function existingKey({
  args,
  tools,
  asking,
  output,
}: InitRun): Promise<ExistingKey | Stopped | undefined> {
  const keyName = args.given.get('key-name');
  const own = join(output, keyFileName);
  const file = args.keyFile === undefined ? own : resolve(tools.cwd ?? '/', args.keyFile);
  if (args.keyFile === undefined && (await readBounded(own, 65_536)).kind !== 'read') {
    const name = keyName === undefined ? undefined : keyNameQuestion('').check(keyName, args.given);
    if (keyName === undefined || name?.kind === 'parsed') return undefined;
    asking.say(`--key-name: ${problemText(name?.problem ?? '', keyName)}\n`);
    return stopped(exitCodes.usage);
  }
  const parsed = await readKey({
    keyFile: file,
    ...(keyName !== undefined && { keyName }),
  });
  if (parsed?.kind !== 'key') {
    if (parsed !== undefined) asking.say(failureText(parsed.failure));
    return stopped(exitCodes.usage);
  }
  for (const warning of parsed.warnings) asking.say(failureText(warning));
  asking.say(`The key is ${bare(parsed.key.name)} in ${file}.\n`);
  return { name: bare(parsed.key.name), file: file === own ? undefined : file, key: parsed.key };
}

type AccessFound =
  | {
      readonly kind: 'access';
      readonly answers: Answers;
      readonly password: Password['secret'];
      readonly ca: string | undefined;
      readonly caFile: string | undefined;
      readonly used: readonly string[];
    }
  | Stopped;

const maxCaBytes = 1_048_576;

async function firstAccess(run: InitRun): Promise<AccessFound> {
  const met = await meetServer(run);
  if (met.kind === 'stopped') return met;
  if (met.contact === undefined && run.args.newAccount) return noContact(run);
  const first = await askAll(run.asking, accountQuestions(run, met.contact?.local), met.answers);
  return first.kind === 'stopped' ? first : accessFor(run, first.answers, met.contact);
}

async function accessFor(run: InitRun, before: Answers, contact: Contact | undefined): Promise<AccessFound> {
  const { tools, asking, args, output } = run;
  const named = before.get('ca-file');
  const caFile = named === undefined || named === none ? undefined : resolve(tools.cwd ?? '/', named);
  const read = caFile === undefined ? undefined : await readBounded(caFile, maxCaBytes);
  if (read?.kind === 'failed') {
    asking.say(`--ca-file: ${caFile} ${read.problem}\n`);
    return stopped(exitCodes.usage);
  }
  const password = await passwordFor(run);
  if (password.kind === 'stopped') return password;
  const isNew = password.origin === 'new';
  const made = isNew ? await newAccount(run, before, contact, password) : undefined;
  if (made?.kind === 'stopped') return made;
  const answers = made?.answers ?? before;
  const fromOutput = isNew || password.origin === 'output';
  const grantsThere = fromOutput && (await readBounded(join(output, grantsName), 65_536)).kind === 'read';
  return {
    kind: 'access',
    answers,
    password: password.secret,
    ca: read?.text,
    caFile,
    used: [...(fromOutput && !args.dryRun ? [passwordFileName] : []), ...(grantsThere ? [grantsName] : [])],
  };
}

async function newAccount(
  run: InitRun,
  before: Answers,
  contact: Contact | undefined,
  password: Password,
): Promise<Answered> {
  if (contact === undefined) return noContact(run);
  const questions = before.has('account-host') ? [] : [hostsQuestion(contact.local)];
  const asked = await askAll(run.asking, questions, before);
  if (asked.kind === 'stopped') return asked;
  return (await createAccount(run, asked.answers, password, contact)) ?? asked;
}
