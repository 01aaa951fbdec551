/** The names and the zone of `source-dns init`: asks the nameserver before there is a key there. */

import { isWithin } from '../../config/domain-name.ts';
import { parseHostPort } from '../../config/server-address.ts';
import { splitAddress } from '../../core/model/observation.ts';
import type { Fqdn, ServerAddress } from '../../core/model/units.ts';
import type { TsigKey } from '../../dns/message/tsig.ts';
import { bare } from '../../setup/bind-texts.ts';
import { endpointText } from '../../setup/configuration-text.ts';
import type { FoundZone } from '../../setup/found-zone.ts';
import {
  type Answers,
  keyNameQuestion,
  nameQuestion,
  nameserverQuestion,
  none,
  replicasQuestion,
  yesNo,
  zoneQuestion,
} from '../../setup/questions.ts';
import type { Setup, SetupNameserver } from '../../setup/setup.ts';
import { exitCodes } from '../exit-code.ts';
import { failureText } from '../failure-text.ts';
import { printable } from '../style.ts';
import { askAll, type Stopped, stopped } from './ask.ts';
import type { InitRun } from './init-context.ts';

type ChosenZone = Pick<Setup, 'names' | 'nameserver' | 'zone' | 'adopt'> & {
  readonly kind: 'chosen';
  /** Of the key, without the last dot. */
  readonly keyName: string;
};

/** `key`: an existing one. */
interface WishedKey {
  readonly name: string;
  readonly key: TsigKey | undefined;
}

/** Names, nameserver, zone, and what is free there. */
export async function chooseZone(
  run: InitRun,
  before: Answers,
  wished: WishedKey,
): Promise<ChosenZone | Stopped> {
  const named = await askAll(run.asking, [nameQuestion, replicasQuestion, nameserverQuestion], before);
  if (named.kind === 'stopped') return named;
  let { answers } = named;
  for (;;) {
    const look = await lookAt(run, answers, wished);
    if (look.kind !== 'failed') return settle(run, answers, look, wished);
    const { say, prompter, given } = run.asking;
    say(`\n${failureText(look.failure)}`);
    if (prompter === undefined) {
      say('Nothing was written.\n');
      return stopped(look.wrong ? exitCodes.usage : exitCodes.unreachable);
    }
    const without = new Map([...given].filter(([flag]) => flag !== 'nameserver'));
    const again = await askAll({ ...run.asking, given: without, yes: false }, [nameserverQuestion], answers);
    if (again.kind === 'stopped') return again;
    ({ answers } = again);
  }
}

const nameserverOf = (answers: Answers): SetupNameserver =>
  splitAddress((answers.get('nameserver') ?? '') as ServerAddress);

const sourceOf = (answers: Answers): Fqdn => (answers.get('name') ?? '') as Fqdn;

function lookAt({ tools, asking }: InitRun, answers: Answers, wished: WishedKey): Promise<FoundZone> {
  const wanted = asking.given.get('zone');
  const zone =
    wanted === undefined ? undefined : zoneQuestion(sourceOf(answers)).check(wanted.trim(), answers);
  // A wrong --zone is reported where it is asked.
  return tools.look(nameserverOf(answers), sourceOf(answers), {
    zone: zone?.kind === 'parsed' ? (zone.value as Fqdn) : undefined,
    key: wished.key,
    keyName: `${wished.name}.` as Fqdn,
  });
}

async function settle(
  run: InitRun,
  answers: Answers,
  look: Exclude<FoundZone, { readonly kind: 'failed' }>,
  wished: WishedKey,
): Promise<ChosenZone | Stopped> {
  const { say } = run.asking;
  const source = sourceOf(answers);
  const nameserver = nameserverOf(answers);
  const zone =
    look.kind === 'zone' ? foundZone(run, look) : await newZone(run, answers, look.failure.message);
  if ('kind' in zone) return zone;
  const wrong = outside(answers, zone.name);
  if (wrong !== undefined) {
    say(`${wrong}\n`);
    return stopped(exitCodes.usage);
  }
  const adopt = look.kind === 'zone' ? await askAdopt(run, answers, look, source) : false;
  if (typeof adopt !== 'boolean') return adopt;
  const replicas = answers.get('replicas-name');
  const names = { source, replicas: replicas === none ? undefined : (replicas as Fqdn | undefined) };
  const isTaken = look.kind === 'zone' && look.keyIsTaken;
  const keyName = isTaken ? await otherKeyName(run, answers, wished.name) : wished.name;
  return typeof keyName === 'string' ? { kind: 'chosen', names, nameserver, zone, adopt, keyName } : keyName;
}

function outside(answers: Answers, zone: Fqdn): string | undefined {
  const names = [answers.get('name'), answers.get('replicas-name')].filter(
    (name) => name !== undefined && name !== none,
  ) as Fqdn[];
  const name = names.find((each) => !isWithin(each, zone));
  return name === undefined
    ? undefined
    : `${name} is not within the zone ${zone}; give both names in the same zone (--name, --replicas-name). Nothing was written.`;
}

function foundZone({ asking }: InitRun, look: Extract<FoundZone, { readonly kind: 'zone' }>): Setup['zone'] {
  const { zone, verify, failures } = look;
  const nameservers = verify.map(endpointText).join(', ') || 'none that has an address';
  asking.say(`\nThe name is in the zone ${bare(zone)}. Its nameservers: ${nameservers}.\n`);
  for (const failure of failures) asking.say(failureText(failure));
  return { name: zone, exists: true, verify };
}

async function newZone(
  { asking, args }: InitRun,
  answers: Answers,
  said: string,
): Promise<Setup['zone'] | Stopped> {
  asking.say(`\n${said}\nSo the zone does not exist there, or its allow-query does not let us see it.\n`);
  const secondaries: SetupNameserver[] = [];
  for (const text of args.secondaries) {
    const parsed = parseHostPort(text, 53);
    if (parsed.kind === 'wrong') {
      asking.say(`--secondary: ${parsed.problem.replaceAll('{value}', () => JSON.stringify(text))}\n`);
      return stopped(exitCodes.usage);
    }
    secondaries.push(parsed.value);
  }
  const asked = await askAll(asking, [zoneQuestion(sourceOf(answers))], answers);
  if (asked.kind === 'stopped') return asked;
  return {
    name: (asked.answers.get('zone') ?? '') as Fqdn,
    exists: false,
    verify: [nameserverOf(answers), ...secondaries],
  };
}

/** named takes no second key of the same name. */
async function otherKeyName(
  { asking, tools }: InitRun,
  answers: Answers,
  name: string,
): Promise<string | Stopped> {
  asking.say(`The nameserver has a key ${name} already, with another secret.\n`);
  const without = new Map([...asking.given].filter(([flag]) => flag !== 'key-name'));
  const asked = await askAll(
    { ...asking, given: without },
    [keyNameQuestion(`source-dns-${tools.host.toLowerCase().replace(/[^a-z0-9-]/g, '-')}`.slice(0, 60))],
    answers,
  );
  return asked.kind === 'stopped' ? asked : (asked.answers.get('key-name') ?? name);
}

async function askAdopt(
  { asking }: InitRun,
  answers: Answers,
  { name }: Extract<FoundZone, { readonly kind: 'zone' }>,
  source: Fqdn,
): Promise<boolean | Stopped> {
  if (name === 'free') return false;
  if (name !== 'taken') {
    const cluster = answers.get('cluster') ?? '';
    if (name.ledgerOf === cluster) {
      asking.say(`${source} has a ledger of ${cluster} already. Several instances can work together.\n`);
      return false;
    }
    asking.say(
      `${source} belongs to the cluster ${printable(name.ledgerOf)}, by its ledger. Give the same name (--cluster), or another name to publish (--name). Nothing was written.\n`,
    );
    return stopped(exitCodes.usage);
  }
  asking.say(`${source} exists, and without a ledger: somebody else wrote it.\n`);
  const asked = await askAll(
    asking,
    [
      yesNo(
        'adopt',
        'Shall source-dns take it over, once the mode is active?',
        'With no it waits, as a hold, until "adopt: true" is in the configuration.',
        'no',
      ),
    ],
    answers,
  );
  return asked.kind === 'stopped' ? asked : asked.answers.get('adopt') === 'yes';
}
