/** What `init` asks about the names, the zone and its nameservers. Pure. */

import { parseFqdn } from '../config/domain-name.ts';
import { canonicalIp, parseHostPort, serverAddress } from '../config/server-address.ts';
import { splitAddress } from '../core/model/observation.ts';
import type { Fqdn, ServerAddress } from '../core/model/units.ts';
import { type Answers, good, listOf, none, problemText, type Question, wrong } from './questions.ts';

/** Room in front of a name of the source: see config/cluster-schema.ts. */
const roomForLedger = '_source-dns.'.length;

/** `source.shop.db.example.com`, for `db1.example.com`: a small zone, and not the zone of the company. */
function nameBeside(answers: Answers): string | undefined {
  const [first] = listOf(answers.get('take') ?? answers.get('server') ?? '');
  const { host } = first === undefined ? { host: '' } : splitAddress(first as ServerAddress);
  const domain = host.split('.').slice(1);
  if (canonicalIp(host) !== undefined || domain.length < 2) return undefined;
  const zone = domain[0] === 'db' ? domain : ['db', ...domain];
  return `source.${answers.get('cluster')?.toLowerCase()}.${zone.join('.')}`;
}

export const nameQuestion: Question = {
  flag: 'name',
  text: 'The name that always answers with the source',
  why: 'Applications connect to this name. Best in a small zone of its own, such as db.example.com.',
  fallback: nameBeside,
  check: (text) => parseFqdn(text, roomForLedger),
};

const restOf = (name: string): string => name.slice(name.indexOf('.') + 1);

export const replicasQuestion: Question = {
  flag: 'replicas-name',
  text: 'The name that answers with the healthy replicas, or none',
  why: 'For reads that may be a little old.',
  fallback: (answers) => {
    const name = answers.get('name') ?? '';
    return `replicas.${restOf(name)}`;
  },
  check: (text, answers) => {
    if (text.toLowerCase() === none) return good(none);
    const parsed = parseFqdn(text, 0);
    if (parsed.kind === 'wrong') return parsed;
    const source = answers.get('name') ?? '';
    return source === parsed.value
      ? wrong('{value} is the name of the source; the replicas need another one')
      : parsed;
  },
};

export const nameserverQuestion: Question = {
  flag: 'nameserver',
  text: 'The primary nameserver of the zone (ADDRESS or ADDRESS:PORT)',
  why: 'It must take updates (RFC 2136), as BIND does. Port 53 unless you say otherwise.',
  check: (text) => {
    const bareV6 = canonicalIp(text);
    const parsed = parseHostPort(bareV6 ?? text, 53);
    return parsed.kind === 'wrong' ? parsed : good(serverAddress(parsed.value.host, parsed.value.port));
  },
};

/** A small zone for this name, never with two labels (`example.com`). Undefined: there is no room. */
export function smallZone(name: Fqdn): string | undefined {
  const labels = name.split('.').filter((part) => part !== '');
  const zone = labels.slice(labels.length > 4 ? 2 : 1);
  return zone.length < 3 ? undefined : zone.join('.');
}

/**
 * The zone of a name that the nameserver does not have, or does not show. There is no default: a new zone in
 * place of one that exists would take away all of its names.
 */
export const zoneQuestion = (name: Fqdn, exists: boolean): Question => ({
  flag: 'zone',
  text: exists ? 'The zone of the name, as the nameserver has it' : 'The zone to make',
  why: `${exists ? '' : 'init writes a new zone file, and the lines for BIND. Never name a zone that exists: its names would be gone. Delegate the zone from the zone above. '}${smallZone(name) === undefined ? 'Write its name.' : `For example ${smallZone(name)}`}`,
  check: (text) => {
    const parsed = parseFqdn(text, 0);
    if (parsed.kind === 'wrong') return parsed;
    return name === parsed.value || name.endsWith(`.${parsed.value}`)
      ? parsed
      : wrong(`${name} is not within the zone {value}`);
  },
});

/** Only for a zone whose NS RRset does not tell them. */
export const secondaryQuestion: Question = {
  flag: 'secondary',
  text: 'The secondary nameservers of the zone (ADDRESS or ADDRESS:PORT, with commas), or none',
  why: 'After a move source-dns waits until they have it, too.',
  fallback: () => none,
  check: (text, answers) => {
    if (text.toLowerCase() === none) return good(none);
    const parts = listOf(text).map((part) => ({ part, parsed: nameserverQuestion.check(part, answers) }));
    for (const { part, parsed } of parts)
      if (parsed.kind === 'wrong') return wrong(problemText(parsed.problem, part));
    const values = parts.flatMap(({ parsed }) => (parsed.kind === 'parsed' ? [parsed.value] : []));
    return values.length === 0 ? wrong('write addresses with commas, or none') : good(values.join(','));
  },
};

export const goOn = 'skip';
export const leave = 'leave';

/** After a nameserver that does not answer. */
export const nameserverAgainQuestion = (maySkip: boolean): Question => ({
  ...nameserverQuestion,
  text: `Enter: try it again. Another address: try that. ${maySkip ? `${goOn}: go on, and do not look. ` : ''}${leave}: end here`,
  why: maySkip
    ? 'Without a look the zone must exist there already: init then makes no zone, and does not see what is in use.'
    : nameserverQuestion.why,
  fallback: (answers) => answers.get('nameserver'),
  check: (text, answers) => {
    const word = text.toLowerCase();
    return word === leave || (maySkip && word === goOn)
      ? good(word)
      : nameserverQuestion.check(text, answers);
  },
});
