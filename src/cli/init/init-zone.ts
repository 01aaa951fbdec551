/** The names and the zone of `source-dns init`: asks the nameserver before there is a key there. */

import { isWithin } from '../../config/domain-name.ts';
import { splitAddress } from '../../core/model/observation.ts';
import type { Fqdn, ServerAddress } from '../../core/model/units.ts';
import type { TsigKey } from '../../dns/message/tsig.ts';
import { bare } from '../../setup/bind-texts.ts';
import { endpointText } from '../../setup/configuration-text.ts';
import type { FoundZone } from '../../setup/found-zone.ts';
import { type Answers, keyNameQuestion, listOf, none, type Question, yesNo } from '../../setup/questions.ts';
import type { Setup, SetupNameserver } from '../../setup/setup.ts';
import {
  goOn,
  leave,
  nameQuestion,
  nameserverAgainQuestion,
  nameserverQuestion,
  replicasQuestion,
  secondaryQuestion,
  smallZone,
  zoneQuestion,
} from '../../setup/zone-questions.ts';
import { exitCodes } from '../exit-code.ts';
import { failureText } from '../failure-text.ts';
import { printable } from '../style.ts';
import { type Answered, askAll, endText, type Stopped, stopped } from './ask.ts';
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
  for (let tries = 1; ; tries++) {
    const look = await lookAt(run, answers, wished);
    if (look.kind !== 'failed') return settle(run, answers, look, wished);
    const again = await askNameserver(run, answers, look, tries);
    if (again.kind === 'stopped') return again;
    const answer = again.answers.get('nameserver');
    if (answer === goOn) return settle(run, answers, { kind: 'unseen' }, wished);
    ({ answers } = again);
  }
}

/** More are not asked for: then the nameserver needs another kind of help. */
const maxTries = 5;

/** What to do with a nameserver that does not answer. */
async function askNameserver(
  { asking }: InitRun,
  answers: Answers,
  { failure, wrong }: Extract<FoundZone, { readonly kind: 'failed' }>,
  tries: number,
): Promise<Answered> {
  const { say, prompter, given } = asking;
  const ended = (): Stopped => {
    say(`${endText(asking)}\n`);
    return stopped(wrong ? exitCodes.usage : exitCodes.unreachable);
  };
  say(`\n${failureText(failure)}`);
  if (!wrong)
    say(
      'The nameserver must run, listen on this address (in BIND: listen-on), and take TCP from this host (firewall).\n',
    );
  if (prompter === undefined || tries >= maxTries) return ended();
  const without = new Map([...given].filter(([flag]) => flag !== 'nameserver'));
  const asked = await askAll(
    { ...asking, given: without, yes: false },
    [nameserverAgainQuestion(!wrong)],
    answers,
  );
  return asked.kind === 'answered' && asked.answers.get('nameserver') === leave ? ended() : asked;
}

const nameserverOf = (answers: Answers): SetupNameserver =>
  splitAddress((answers.get('nameserver') ?? '') as ServerAddress);

const sourceOf = (answers: Answers): Fqdn => (answers.get('name') ?? '') as Fqdn;

function lookAt({ tools, asking }: InitRun, answers: Answers, wished: WishedKey): Promise<FoundZone> {
  const wanted = asking.given.get('zone');
  const zone =
    wanted === undefined ? undefined : zoneQuestion(sourceOf(answers), true).check(wanted.trim(), answers);
  // A wrong --zone is reported where it is asked.
  return tools.look(nameserverOf(answers), sourceOf(answers), {
    zone: zone?.kind === 'parsed' ? (zone.value as Fqdn) : undefined,
    key: wished.key,
    keyName: `${wished.name}.` as Fqdn,
  });
}

/** `unseen`: a person knows the zone, and nobody looked. */
type Look = Exclude<FoundZone, { readonly kind: 'failed' }> | { readonly kind: 'unseen' };

async function settle(
  run: InitRun,
  answers: Answers,
  look: Look,
  wished: WishedKey,
): Promise<ChosenZone | Stopped> {
  const { say } = run.asking;
  const source = sourceOf(answers);
  const nameserver = nameserverOf(answers);
  const zone =
    look.kind === 'zone' ? await foundZone(run, answers, look) : await namedZone(run, answers, look);
  if ('kind' in zone) return zone;
  const wrong = outside(answers, zone.name, endText(run.asking));
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

function outside(answers: Answers, zone: Fqdn, end: string): string | undefined {
  const names = [answers.get('name'), answers.get('replicas-name')].filter(
    (name) => name !== undefined && name !== none,
  ) as Fqdn[];
  const name = names.find((each) => !isWithin(each, zone));
  return name === undefined
    ? undefined
    : `${name} is not within the zone ${zone}; give both names in the same zone (--name, --replicas-name). ${end}`;
}

/** A script may leave them out. */
const secondaryQuestions = ({ asking: { prompter, given } }: InitRun): readonly Question[] =>
  prompter === undefined && !given.has('secondary') ? [] : [secondaryQuestion];

async function foundZone(
  run: InitRun,
  answers: Answers,
  look: Extract<FoundZone, { readonly kind: 'zone' }>,
): Promise<Setup['zone'] | Stopped> {
  const { asking } = run;
  const { zone, verify, failures } = look;
  const nameservers = verify.map(endpointText).join(', ') || 'none that has an address';
  asking.say(`\nThe name is in the zone ${bare(zone)}. Its nameservers: ${nameservers}.\n`);
  for (const failure of failures) asking.say(failureText(failure));
  if (verify.length > 1 && !asking.given.has('secondary')) return { name: zone, exists: true, verify };
  const asked = await askAll(asking, secondaryQuestions(run), answers);
  if (asked.kind === 'stopped') return asked;
  const more = secondariesOf(asked.answers);
  const known = verify.length === 0 && more.length > 0 ? [nameserverOf(answers)] : verify;
  return { name: zone, exists: true, verify: withMore(known, more) };
}

const secondariesOf = (answers: Answers): readonly SetupNameserver[] =>
  listOf(answers.get('secondary') ?? none)
    .filter((text) => text !== none)
    .map((text) => splitAddress(text as ServerAddress));

const withMore = (
  known: readonly SetupNameserver[],
  more: readonly SetupNameserver[],
): readonly SetupNameserver[] => [
  ...new Map([...known, ...more].map((each) => [endpointText(each), each])).values(),
];

/** A zone that the nameserver does not have, or a zone that nobody looked at. Never without its name. */
async function namedZone(
  run: InitRun,
  answers: Answers,
  look: Exclude<Look, { readonly kind: 'zone' }>,
): Promise<Setup['zone'] | Stopped> {
  const { asking } = run;
  const { say, given, prompter } = asking;
  const source = sourceOf(answers);
  if (look.kind === 'no-zone')
    say(
      `\n${look.failure.message}\nSo the zone does not exist there, or its allow-query does not let us see it.\n`,
    );
  if (prompter === undefined && !given.has('zone')) {
    say(
      `init makes a new zone only if you name it: add --zone ${smallZone(source) ?? 'ZONE'}. Never name a zone that exists: its names would be gone. If the zone exists, name its primary nameserver (--nameserver).\n`,
    );
    return stopped(exitCodes.usage);
  }
  const exists = look.kind === 'unseen';
  const asked = await askAll(asking, [zoneQuestion(source, exists), ...secondaryQuestions(run)], answers);
  if (asked.kind === 'stopped') return asked;
  return {
    name: (asked.answers.get('zone') ?? '') as Fqdn,
    exists,
    verify: withMore([nameserverOf(answers)], secondariesOf(asked.answers)),
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
      `${source} belongs to the cluster ${printable(name.ledgerOf)}, by its ledger. Give the same name (--cluster), or another name to publish (--name). ${endText(asking)}\n`,
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
