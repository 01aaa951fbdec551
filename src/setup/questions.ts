/** What `init` asks. Each question has a flag, so a script can answer it. Pure. */

import { label } from '../config/fields.ts';
import { type Parsed, parseHostPort, serverAddress, unsafeKind } from '../config/server-address.ts';
import type { ServerAddress } from '../core/model/units.ts';

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

export const none = 'none';

export const good = (value: string): Parsed<string> => ({ kind: 'parsed', value });
export const wrong = (problem: string): Parsed<string> => ({ kind: 'wrong', problem });

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

/** The same where only one server is known: an answer that nobody gives by Enter. */
export const otherServersQuestion = (allowLoopback: boolean): Question => {
  const { fallback: _, ...more } = moreServersQuestion(allowLoopback);
  return {
    ...more,
    text: 'The other servers of this cluster, its replicas (addresses with commas), or none',
    why: 'Only one server is known, and it may have replicas that it does not tell. none: it is all there is.',
  };
};

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

/** `local`: the address of this host, as its connection to the server has it; undefined: not known. */
export const hostsQuestion = (local: string | undefined): Question => ({
  flag: 'account-host',
  text: 'From which addresses source-dns logs in (the host part of the account)',
  why: `${local === undefined ? 'The address of this host is not known: the server is reached by loopback, or not at all' : 'The address of this host, on the way to the server'}. Or for example 10.0.0.%; % is every address.`,
  ...(local !== undefined && { fallback: () => local }),
  check: (text) =>
    text.length <= 255 && !text.includes('@') ? good(text) : wrong('{value} is no host part'),
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
