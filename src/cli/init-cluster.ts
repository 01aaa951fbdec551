/** The servers of `source-dns init`: finds them, lists them, and lets a person choose. */

import type { Secret } from '../config/secret.ts';
import { unsafeKind } from '../config/server-address.ts';
import { splitAddress } from '../core/model/observation.ts';
import type { ServerAddress } from '../core/model/units.ts';
import {
  delayOf,
  type FoundCluster,
  type FoundServer,
  findCluster,
  type Mention,
  productWords,
  roleWords,
  shortId,
} from '../setup/found-cluster.ts';
import { type Answers, chooseQuestion, listOf, none, serverQuestion, yesNo } from '../setup/questions.ts';
import type { SetupServer } from '../setup/setup.ts';
import { askAll, endOfInput, type Stopped, stopped } from './ask.ts';
import { exitCodes } from './exit-code.ts';
import { failureText } from './failure-text.ts';
import type { InitRun } from './init-context.ts';
import { printable } from './style.ts';
import { tableText } from './table.ts';

export interface ChosenServers {
  readonly kind: 'chosen';
  readonly servers: readonly SetupServer[];
  readonly product: 'mysql' | 'mariadb';
  readonly answers: Answers;
}

interface Access {
  readonly password: Secret;
  readonly ca: string | undefined;
}

/** Asks the given servers until one of them lets the account in. */
export async function chooseServers(
  run: InitRun,
  before: Answers,
  access: Access,
): Promise<ChosenServers | Stopped> {
  let answers = before;
  for (;;) {
    const found = await search(run, answers, access);
    if ('kind' in found) return found;
    if (found.servers.some(({ probe }) => probe.kind === 'reachable')) return choose(run, answers, found);
    for (const { probe } of found.servers)
      if (probe.kind !== 'reachable') run.asking.say(`\n${failureText(printable(probe.failure))}`);
    const { prompter, say, given } = run.asking;
    if (prompter === undefined) {
      say('No server could be asked. Nothing was written.\n');
      return stopped(exitCodes.unreachable);
    }
    say('\nMend that, and press Enter to try again; or name another server.\n');
    const line = await prompter.line(`[${answers.get('server')}] > `);
    if (line === undefined) return endOfInput(say);
    if (line.trim() === '') continue;
    const asked = await askAll(
      { ...run.asking, given: new Map([...given, ['server', line]]) },
      [serverQuestion(run.args.allowLoopback)],
      answers,
    );
    if (asked.kind === 'answered') answers = asked.answers;
  }
}

async function search(
  run: InitRun,
  answers: Answers,
  { password, ca }: Access,
): Promise<FoundCluster | Stopped> {
  let ended: Stopped | undefined;
  const mayAsk = async (mentions: readonly Mention[]): Promise<boolean> => {
    const list = mentions.map(({ address, by }) => `  ${printable(address)}  ${printable(by)}\n`).join('');
    run.asking.say(`\nThese servers were named:\n${list}`);
    const asked = await askAll(run.asking, [discoverQuestion], answers);
    if (asked.kind === 'stopped') ended = asked;
    return asked.kind === 'answered' && asked.answers.get('discover') === 'yes';
  };
  const login = {
    cluster: answers.get('cluster') ?? '',
    user: answers.get('mysql-user') ?? '',
    password,
    tls: tlsOf(answers),
    ca,
  };
  const given = listOf(answers.get('server') ?? '') as readonly ServerAddress[];
  const found = await findCluster(run, login, given, mayAsk);
  return ended ?? found;
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

async function choose(run: InitRun, answers: Answers, found: FoundCluster): Promise<ChosenServers | Stopped> {
  const servers = found.servers.toSorted((a, b) => rank(a) - rank(b));
  run.asking.say(listText(servers, found.unasked));
  for (const remark of remarks(found)) run.asking.say(`${remark}\n`);
  const shown = [...servers.map(({ address }) => address), ...found.unasked.map(({ address }) => address)];
  const usual = servers.filter((server) => isUsual(run, server)).map(({ address }) => address);
  const take = chooseQuestion(
    {
      flag: 'take',
      text: 'The servers to watch (numbers or addresses with commas, or all)',
      why: 'all: every server that answers, and every one that you named.',
    },
    shown,
    usual,
  );
  const taken = await askAll(run.asking, [take], answers);
  if (taken.kind === 'stopped') return taken;
  const chosen = listOf(taken.answers.get('take') ?? '') as readonly ServerAddress[];
  if (chosen.length === 0 || chosen[0] === none) {
    run.asking.say('No server was taken, so there is nothing to watch. Nothing was written.\n');
    return stopped(exitCodes.usage);
  }
  const late = servers.filter((server) => chosen.includes(server.address) && isDelayed(server));
  const never = chooseQuestion(
    {
      flag: 'never',
      text: 'Servers that must never be the source (numbers or addresses with commas, or none)',
      why: 'For example one for reports, or one that is late on purpose.',
    },
    shown,
    late.map(({ address }) => address),
  );
  const asked = await askAll(run.asking, [never], taken.answers);
  if (asked.kind === 'stopped') return asked;
  const excluded = listOf(asked.answers.get('never') ?? '');
  const mariadb = servers.some(
    ({ probe }) => probe.kind === 'reachable' && probe.facts.flavour === 'mariadb',
  );
  return {
    kind: 'chosen',
    servers: chosen
      .toSorted((a, b) => shown.indexOf(a) - shown.indexOf(b))
      .map((address) => ({
        address,
        candidate: excluded.includes(address) ? 'never' : 'auto',
        note: noteOf(servers.find((server) => server.address === address)),
      })),
    product: mariadb ? 'mariadb' : 'mysql',
    answers: asked.answers,
  };
}

const isSource = ({ probe }: FoundServer): boolean =>
  probe.kind === 'reachable' && ['source', 'primary of its group'].includes(roleWords(probe.facts));

const isDelayed = ({ probe }: FoundServer): boolean => probe.kind === 'reachable' && delayOf(probe.facts) > 0;

/** The source first, those that do not answer last. */
const rank = (server: FoundServer): number =>
  isSource(server) ? 0 : server.sameAs !== undefined ? 2 : server.probe.kind === 'reachable' ? 1 : 3;

/** One that a person named is meant, also while it does not answer. */
function isUsual({ args }: InitRun, { address, by, probe, sameAs }: FoundServer): boolean {
  if (sameAs !== undefined || (by !== undefined && probe.kind !== 'reachable')) return false;
  return unsafeKind(splitAddress(address).host, args.allowLoopback) === undefined;
}

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
  const silent = reached.filter(({ facts }) => facts.replicas?.length === 0 && facts.channels.length === 0);
  const failed = servers.some(({ by, probe }) => by !== undefined && probe.kind !== 'reachable');
  const ports = new Set(reached.map(({ address }) => splitAddress(address).port));
  return [
    ...deaf.map(
      ({ address }) =>
        `${address} does not tell its replicas: the account may not ask (on MySQL that needs REPLICATION SLAVE). Name them: --server, once for each.`,
    ),
    ...silent.map(
      ({ address }) =>
        `${address} reports no replica: a replica is reported only if it sets report_host. Name the others: --server, once for each.`,
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

function noteOf(server: FoundServer | undefined): string {
  if (server === undefined) return 'was not asked';
  const { probe, by } = server;
  if (probe.kind !== 'reachable') return `did not answer${by === undefined ? '' : `; ${printable(by)}`}`;
  return printable(`${roleWords(probe.facts)}, ${productWords(probe.facts)}, ${shortId(probe.facts)}`);
}
