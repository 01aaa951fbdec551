/** Finds the servers for `source-dns init`: asks, lists, and asks again with what a person adds. */

import { join } from 'node:path';
import { Secret } from '../../config/secret.ts';
import { unsafeKind } from '../../config/server-address.ts';
import { type Failure, splitAddress } from '../../core/model/observation.ts';
import type { ServerAddress } from '../../core/model/units.ts';
import { grantsName } from '../../setup/all-files.ts';
import {
  type FoundCluster,
  type FoundServer,
  findCluster,
  type Mention,
  productWords,
  roleWords,
  shortId,
} from '../../setup/found-cluster.ts';
import {
  type Answers,
  listOf,
  moreServersQuestion,
  none,
  otherServersQuestion,
  serverQuestion,
  yesNo,
} from '../../setup/questions.ts';
import { exitCodes } from '../exit-code.ts';
import { failureText } from '../failure-text.ts';
import { printable } from '../style.ts';
import { tableText } from '../table.ts';
import { type Asking, askAll, endOfInput, endText, type Stopped, stopped } from './ask.ts';
import type { InitRun } from './init-context.ts';
import type { Prompter } from './prompter.ts';

export interface Access {
  readonly password: Secret;
  readonly ca: string | undefined;
}

interface Search {
  readonly answers: Answers;
  readonly access: Access;
  /** Named by others, and a person said yes. */
  readonly agreed: ReadonlySet<ServerAddress>;
}

interface Searched extends Search {
  readonly kind: 'searched';
  readonly found: FoundCluster;
}

/** Asks the given servers until one of them lets the account in, and nobody adds a server. */
export async function searchServers(
  run: InitRun,
  answers: Answers,
  access: Access,
): Promise<Searched | Stopped> {
  let search: Search = { answers, access, agreed: new Set() };
  for (;;) {
    const searched = await lookAround(run, search);
    if (searched.kind === 'stopped') return searched;
    const isReached = searched.found.servers.some(({ probe }) => probe.kind === 'reachable');
    const next = isReached ? await askMore(run, searched) : await askAgain(run, searched);
    if (next === undefined) return searched;
    if ('exit' in next) return next;
    search = next;
  }
}

async function lookAround(run: InitRun, search: Search): Promise<Searched | Stopped> {
  const { answers, access } = search;
  const agreed = new Set(search.agreed);
  let ended: Stopped | undefined;
  const mayAsk = async (mentions: readonly Mention[]): Promise<boolean> => {
    if (mentions.every(({ address }) => agreed.has(address))) return true;
    const list = mentions.map(({ address, by }) => `  ${printable(address)}  ${printable(by)}\n`).join('');
    run.asking.say(`\nThese servers were named:\n${list}`);
    const asked = await askAll(run.asking, [discoverQuestion], answers);
    if (asked.kind === 'stopped') ended = asked;
    const may = asked.kind === 'answered' && asked.answers.get('discover') === 'yes';
    if (may) for (const { address } of mentions) agreed.add(address);
    return may;
  };
  const login = {
    cluster: answers.get('cluster') ?? '',
    user: answers.get('mysql-user') ?? '',
    tls: tlsOf(answers),
    ...access,
  };
  const given = listOf(answers.get('server') ?? '') as readonly ServerAddress[];
  const found = await findCluster(run, login, given, mayAsk);
  return ended ?? { kind: 'searched', answers, access, agreed, found };
}

export const tlsOf = (answers: Answers): 'disabled' | 'preferred' | 'required' | 'verify' => {
  const mode = answers.get('tls');
  return mode === 'disabled' || mode === 'required' || mode === 'verify' ? mode : 'preferred';
};

const discoverQuestion = yesNo(
  'discover',
  'Log in there, too?',
  'They get the password of the account: say yes if you know these addresses.',
  'yes',
);

/** Nobody let the account in. */
async function askAgain(run: InitRun, searched: Searched): Promise<Search | Stopped> {
  const { asking } = run;
  const { prompter, say, given } = asking;
  const { found, answers } = searched;
  const failures = found.servers.flatMap(({ probe }) => (probe.kind === 'reachable' ? [] : [probe.failure]));
  for (const failure of failures) say(`\n${failureText(printable(mended(run, failure)))}`);
  if (prompter === undefined) {
    say(`No server could be asked. ${endText(asking)}\n`);
    return stopped(exitCodes.unreachable);
  }
  if (failures.some(({ code }) => passwordCodes.includes(code)))
    return otherPassword(asking, prompter, searched);
  say('\nMend that, and press Enter to try again; or name another server.\n');
  const line = await prompter.line(`[${answers.get('server')}] > `);
  if (line === undefined) return endOfInput(asking);
  if (line.trim() === '') return searched;
  const asked = await askAll(
    { ...run.asking, given: new Map([...given, ['server', line]]) },
    [serverQuestion(run.args.allowLoopback)],
    answers,
  );
  return asked.kind === 'answered' ? { ...searched, answers: asked.answers } : searched;
}

/** ER_ACCESS_DENIED_ERROR, ER_ACCESS_DENIED_NO_PASSWORD_ERROR. */
const passwordCodes: readonly string[] = ['mysql-1045', 'mysql-1698'];

/** The general hint has statements for every product. Here a file has those for this product and account. */
function mended({ asking, output }: InitRun, failure: Failure): Failure {
  if (!passwordCodes.includes(failure.code)) return failure;
  const { written, used } = asking.early;
  const mend = [...written, ...used].includes(grantsName)
    ? `Run ${join(output, grantsName)} on the source: it creates the account.`
    : 'Does the account exist, with this password? If not, run init with --new-account: it writes the statements.';
  const hint = `${mend} After the @ is this host, as the server sees it: the host part of the account must fit.`;
  return { ...failure, hint };
}

async function otherPassword(
  asking: Asking,
  prompter: Prompter,
  searched: Searched,
): Promise<Search | Stopped> {
  asking.say('\nMend that, and press Enter to try again; or type another password. It is not shown.\n');
  const line = await prompter.secret('> ');
  if (line === undefined) return endOfInput(asking);
  const text = line.replace(/\r$/, '');
  if (text === '') return searched;
  return { ...searched, access: { ...searched.access, password: new Secret(text) } };
}

/** With more servers; undefined: there are no more. */
async function askMore(run: InitRun, searched: Searched): Promise<Search | Stopped | undefined> {
  const { asking, args } = run;
  const { found, answers } = searched;
  asking.say(listText(inOrder(found), found.unasked));
  for (const remark of remarks(found)) asking.say(`${remark}\n`);
  if (asking.given.has('take')) return undefined;
  const isAlone = usualServers(run, found).length === 1 && found.unasked.length === 0;
  if (asking.prompter === undefined && isAlone) {
    asking.say(`${aloneText}\n`);
    return stopped(exitCodes.usage);
  }
  // Scripts give --server several times.
  if (asking.prompter === undefined || (asking.yes && !isAlone)) return undefined;
  const question = isAlone ? otherServersQuestion : moreServersQuestion;
  const asked = await askAll(asking, [question(args.allowLoopback)], answers);
  if (asked.kind === 'stopped') return asked;
  const more = asked.answers.get('more-servers') ?? none;
  if (more === none) return undefined;
  return { ...searched, answers: new Map([...answers, ['server', `${answers.get('server')},${more}`]]) };
}

/** A source may have replicas that it does not tell: then nobody would watch them. */
const aloneText =
  'Only one server is known, and it may have replicas that it does not tell: add --server for each of them. If this one server is all there is: add --take all.';

/** What `all` takes. One that a person named is meant, also while it does not answer. */
export const usualServers = ({ args }: InitRun, found: FoundCluster): readonly FoundServer[] =>
  inOrder(found).filter(
    ({ address, by, probe, sameAs }) =>
      sameAs === undefined &&
      (by === undefined || probe.kind === 'reachable') &&
      unsafeKind(splitAddress(address).host, args.allowLoopback) === undefined,
  );

const isSource = ({ probe }: FoundServer): boolean =>
  probe.kind === 'reachable' && ['source', 'primary of its group'].includes(roleWords(probe.facts));

/** The source first, those that do not answer last. */
const rank = (server: FoundServer): number =>
  isSource(server) ? 0 : server.sameAs !== undefined ? 2 : server.probe.kind === 'reachable' ? 1 : 3;

function listText(servers: readonly FoundServer[], unasked: readonly Mention[]): string {
  const rows = servers.map(({ address, probe, sameAs, by }, index) => {
    const cells = [`${index + 1}`, address];
    if (probe.kind !== 'reachable')
      return [
        ...cells,
        by ?? '',
        '',
        '',
        `not reached: ${probe.failure.message.replace(`${address}: `, '')}`,
      ];
    const { facts } = probe;
    const remark = sameAs === undefined ? '' : `another address of ${sameAs}`;
    return [...cells, roleWords(facts), productWords(facts), shortId(facts), remark];
  });
  const others = unasked.map(({ address, by }, index) => [
    `${servers.length + index + 1}`,
    address,
    by,
    '',
    '',
    'not asked',
  ]);
  const all = [...rows, ...others].map((row) => row.map((text) => ({ text: printable(text) })));
  return `\n${tableText(['', 'SERVER', 'ROLE', 'VERSION', 'ID', ''], all)}`;
}

/** What a person should know about the list. */
function remarks({ servers, unasked }: FoundCluster): readonly string[] {
  const reached = servers.flatMap(({ address, probe }) =>
    probe.kind === 'reachable' ? [{ address, facts: probe.facts }] : [],
  );
  const deaf = reached.filter(
    ({ facts }) => facts.replicas === undefined && facts.channels.length === 0 && !facts.group,
  );
  const telling = reached.filter(({ facts }) => facts.replicas !== undefined && facts.channels.length === 0);
  const failed = servers.some(({ by, probe }) => by !== undefined && probe.kind !== 'reachable');
  const ports = new Set(reached.map(({ address }) => splitAddress(address).port));
  return [
    ...deaf.map(
      ({ address, facts }) =>
        `${address} does not tell its replicas: the account may not ask (that needs ${facts.flavour === 'mariadb' ? 'REPLICATION MASTER ADMIN' : 'REPLICATION SLAVE'}). Name them: --server, once for each.`,
    ),
    ...telling.map(
      ({ address }) =>
        `${address} tells only those of its replicas that set report_host. Is one missing? Name it: --server, once for each.`,
    ),
    ...(failed
      ? [
          'An address that another server names may be good inside of a container or a private network only. If a server is missing, name it by the address that works from here: --server.',
        ]
      : []),
    ...(unasked.length > 0
      ? ['Servers that were not asked can be taken all the same, by their numbers.']
      : []),
    ...(ports.size > 1
      ? [
          'The servers have different ports. A client learns the port only by the SRV record: set "srv: true".',
        ]
      : []),
  ];
}

/** The source first, those that do not answer last. */
export const inOrder = ({ servers }: FoundCluster): readonly FoundServer[] =>
  servers.toSorted((a, b) => rank(a) - rank(b));
