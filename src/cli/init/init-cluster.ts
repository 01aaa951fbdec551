/** The servers of `source-dns init`: lets a person choose among those that were found. */

import type { Secret } from '../../config/secret.ts';
import type { ServerAddress } from '../../core/model/units.ts';
import { delayOf, type FoundServer, productWords, roleWords, shortId } from '../../setup/found-cluster.ts';
import { type Answers, chooseQuestion, listOf, none } from '../../setup/questions.ts';
import type { SetupServer } from '../../setup/setup.ts';
import { exitCodes } from '../exit-code.ts';
import { printable } from '../style.ts';
import { askAll, endText, type Stopped, stopped } from './ask.ts';
import type { InitRun } from './init-context.ts';
import { type Access, inOrder, searchServers, usualServers } from './init-search.ts';

interface ChosenServers {
  readonly kind: 'chosen';
  readonly servers: readonly SetupServer[];
  readonly product: 'mysql' | 'mariadb';
  /** The one that let the account in. */
  readonly password: Secret;
  readonly answers: Answers;
}

/** The servers to watch, and which of them must never be the source. */
export async function chooseServers(
  run: InitRun,
  before: Answers,
  access: Access,
): Promise<ChosenServers | Stopped> {
  const searched = await searchServers(run, before, access);
  if (searched.kind === 'stopped') return searched;
  const { found, answers } = searched;
  const servers = inOrder(found);
  const shown = [...servers.map(({ address }) => address), ...found.unasked.map(({ address }) => address)];
  const usual = usualServers(run, found).map(({ address }) => address);
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
    run.asking.say(`No server was taken, so there is nothing to watch. ${endText(run.asking)}\n`);
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
    password: searched.access.password,
    answers: asked.answers,
  };
}

const isDelayed = ({ probe }: FoundServer): boolean => probe.kind === 'reachable' && delayOf(probe.facts) > 0;

function noteOf(server: FoundServer | undefined): string {
  if (server === undefined) return 'was not asked';
  const { probe, by } = server;
  if (probe.kind !== 'reachable') return `did not answer${by === undefined ? '' : `; ${printable(by)}`}`;
  return printable(`${roleWords(probe.facts)}, ${productWords(probe.facts)}, ${shortId(probe.facts)}`);
}
