/** What `init` asks. Each question has a flag, so a script can answer it. Pure. */

import { parseFqdn } from '../config/domain-name.ts';
import { label } from '../config/fields.ts';
import {
  canonicalIp,
  type Parsed,
  parseHostPort,
  serverAddress,
  unsafeKind,
} from '../config/server-address.ts';
import { splitAddress } from '../core/model/observation.ts';
import type { Fqdn, ServerAddress } from '../core/model/units.ts';

/** The answers so far, by flag, in canonical form. A list has commas. */
export type Answers = ReadonlyMap<string, string>;

export interface Question {
  /** Without the dashes. */
  readonly flag: string;
  readonly text: string;
  /** A word of explanation. */
  readonly why: string;
  /** The answer to an empty line, and with `--yes`. Absent: there must be an answer. */
  fallback?(answers: Answers): string | undefined;
  /** The canonical answer, or what is wrong with it. */
  check(text: string, answers: Answers): Parsed<string>;
  /** Absent: always. */
  when?(answers: Answers): boolean;
}

/** Room in front of a name of the source: see config/cluster-schema.ts. */
const roomForLedger = '_source-dns.'.length;
export const none = 'none';

const good = (value: string): Parsed<string> => ({ kind: 'parsed', value });
const wrong = (problem: string): Parsed<string> => ({ kind: 'wrong', problem });

export const listOf = (text: string): readonly string[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

/** `{value}` in a problem stands for the answer. */
export const problemText = (problem: string, value: string): string =>
  problem.includes('{value}') ? problem.replaceAll('{value}', () => JSON.stringify(value)) : problem;

export const clusterQuestion: Question = {
  flag: 'cluster',
  text: 'A name for the cluster',
  why: 'A short word, for commands and for the ledger.',
  fallback: () => 'shop',
  check: (text) =>
    label.safeParse(text).success
      ? good(text)
      : wrong('{value} is no name; use 1 to 63 letters, digits, ".", "_" and "-"'),
};

/** `allowLoopback`: in a laboratory, everything is on this machine. */
export const serverQuestion = (allowLoopback: boolean): Question => ({
  flag: 'server',
  text: 'A MySQL server of the cluster (HOST or HOST:PORT)',
  why: 'Best the source. The other servers are found from there; name several with commas if you like.',
  check: (text) => {
    const parts = listOf(text);
    if (parts.length === 0) return wrong('name one server, for example db1.example.com:3306');
    const addresses: ServerAddress[] = [];
    for (const part of parts) {
      const parsed = parseHostPort(part, 3306);
      if (parsed.kind === 'wrong') return wrong(problemText(parsed.problem, part));
      const { host, port } = parsed.value;
      const kind = unsafeKind(host, allowLoopback);
      if (kind !== undefined)
        return wrong(
          `${host} is ${kind}, which clients on other machines cannot use; write the address that clients use (in a laboratory: --allow-loopback)`,
        );
      addresses.push(serverAddress(host, port));
    }
    return good([...new Set(addresses)].join(','));
  },
});

/** Servers that nobody named. Scripts give `--server` several times instead. */
export const moreServersQuestion = (allowLoopback: boolean): Question => ({
  ...serverQuestion(allowLoopback),
  flag: 'more-servers',
  text: 'More servers of this cluster (addresses with commas), or none',
  why: 'Servers that are not in the list.',
  fallback: () => none,
  check: (text, answers) =>
    text.toLowerCase() === none ? good(none) : serverQuestion(allowLoopback).check(text, answers),
});

/** MySQL's longest user name. */
const longestUser = 32;

export const userQuestion: Question = {
  flag: 'mysql-user',
  text: 'The MySQL account that observes',
  why: 'It may look at replication, and at no data.',
  fallback: () => 'source_dns',
  check: (text) =>
    [...text].length <= longestUser
      ? good(text)
      : wrong(`{value} is too long: at most ${longestUser} characters`),
};

const tlsModes: readonly string[] = ['disabled', 'preferred', 'required', 'verify'];

export const tlsQuestion: Question = {
  flag: 'tls',
  text: `TLS to the servers (${tlsModes.join(', ')})`,
  why: 'Only verify checks who answers. It needs certificates with the host names of the servers.',
  fallback: () => 'preferred',
  check: (text) =>
    tlsModes.includes(text.toLowerCase())
      ? good(text.toLowerCase())
      : wrong(`{value} is none of ${tlsModes.join(', ')}`),
};

export const caQuestion: Question = {
  flag: 'ca-file',
  text: 'The file with the certificates of the authority (PEM), or none',
  why: 'none: the authorities that Node.js trusts.',
  fallback: () => none,
  check: good,
  when: (answers) => answers.get('tls') === 'verify',
};

export const hostsQuestion: Question = {
  flag: 'account-host',
  text: 'From which addresses source-dns logs in (the host part of the account)',
  why: 'For example 10.0.0.%; % is every address.',
  fallback: () => '%',
  check: (text) =>
    text.length <= 255 && !text.includes('@') ? good(text) : wrong('{value} is no host part'),
};

/** `source.shop.example.com`, beside `db1.example.com`. */
function nameBeside(answers: Answers): string | undefined {
  const [first] = listOf(answers.get('take') ?? answers.get('server') ?? '');
  const { host } = first === undefined ? { host: '' } : splitAddress(first as ServerAddress);
  const domain = host.split('.').slice(1);
  if (canonicalIp(host) !== undefined || domain.length < 2) return undefined;
  return `source.${answers.get('cluster')?.toLowerCase()}.${domain.join('.')}`;
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
    return [source, `_source-dns.${source}`].includes(parsed.value)
      ? wrong('{value} is a name of the source; the replicas need another one')
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

/** The zone of a name that the nameserver does not have. */
export const zoneQuestion = (name: Fqdn): Question => ({
  flag: 'zone',
  text: 'The zone to make',
  why: 'init writes a zone file and the lines for BIND. Delegate it from the zone above.',
  fallback: () => {
    const labels = name.split('.').filter((part) => part !== '');
    return `${labels.slice(Math.min(2, Math.max(1, labels.length - 2))).join('.')}.`;
  },
  check: (text) => {
    const parsed = parseFqdn(text, 0);
    if (parsed.kind === 'wrong') return parsed;
    return name === parsed.value || name.endsWith(`.${parsed.value}`)
      ? parsed
      : wrong(`${name} is not within the zone {value}`);
  },
});

const keyNameForm = /^[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$/i;

/** The name of a new key. `hint`: a name that another instance hardly has. */
export const keyNameQuestion = (hint: string): Question => ({
  flag: 'key-name',
  text: 'Another name for the new key',
  why: 'Each instance has a key of its own. To use the existing key: --key-file.',
  fallback: () => hint,
  check: (text) =>
    keyNameForm.test(text)
      ? good(text.toLowerCase())
      : wrong('{value} is no name for a key; use letters, digits, inner dots and hyphens'),
});

/** A question that is answered by yes or no. */
export const yesNo = (flag: string, text: string, why: string, fallback: 'yes' | 'no'): Question => ({
  flag,
  text: `${text} (yes, no)`,
  why,
  fallback: () => fallback,
  check: (answer) => {
    if (/^y(es)?$/i.test(answer)) return good('yes');
    return /^no?$/i.test(answer) ? good('no') : wrong('{value} is neither yes nor no');
  },
});

/** A choice among addresses: by their numbers in the list that was shown, or by address. */
export const chooseQuestion = (
  { flag, text, why }: Pick<Question, 'flag' | 'text' | 'why'>,
  shown: readonly ServerAddress[],
  fallback: readonly ServerAddress[],
): Question => ({
  flag,
  text,
  why,
  fallback: () => (fallback.length === 0 ? none : fallback.join(',')),
  check: (answer) => {
    if (answer.toLowerCase() === none) return good(none);
    if (answer.toLowerCase() === 'all') return good(fallback.join(',') || none);
    const parts = listOf(answer).map((part) => ({ part, address: chosenBy(part, shown) }));
    const unknown = parts.find(({ address }) => address === undefined);
    if (parts.length === 0) return wrong('write numbers or addresses, with commas');
    if (unknown !== undefined)
      return wrong(
        `${JSON.stringify(unknown.part)} is not in the list; write numbers or addresses, with commas`,
      );
    return good([...new Set(parts.map(({ address }) => address))].join(','));
  },
});

/** The server of that number in the list, or of that address. */
function chosenBy(part: string, shown: readonly ServerAddress[]): ServerAddress | undefined {
  if (/^\d{1,3}$/.test(part)) return shown[Number(part) - 1];
  const parsed = parseHostPort(part, 3306);
  if (parsed.kind === 'wrong') return undefined;
  const address = serverAddress(parsed.value.host, parsed.value.port);
  return shown.includes(address) ? address : undefined;
}
