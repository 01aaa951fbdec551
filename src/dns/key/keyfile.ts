/**
 * TSIG keys as administrators have them, from a file's text. Failures name file and line, never the secret.
 * Pure.
 *
 * - BIND's `key` statement: tsig-keygen, ddns-confgen, rndc.key; several in a file, among other statements,
 *   in views;
 * - `hmac:name:secret` in a line, as `nsupdate -y` and `dig -y` take it; several lines; the output of
 *   pdnsutil; a script of nsupdate;
 * - the `key:` sections of Knot (keymgr -t), NSD and Unbound;
 * - either file of the pair K<name>+<algorithm>+<id>.private and .key of dnssec-keygen up to BIND 9.16, and
 *   of ldns-keygen.
 *
 * Every key that named accepts is accepted. Forms of other programs are recognised, so the failure can say
 * what to write.
 */
import type { Failure } from '../../core/model/observation.ts';
import type { Fqdn } from '../../core/model/units.ts';
import { closest } from '../../suggest.ts';
import { parseAnyName } from '../message/name.ts';
import type { TsigKey } from '../message/tsig.ts';
import { certainlyOther, withoutKey } from './key-forms.ts';
import { isKeySection, isPrinted, keysOfPrinted, keysOfSections, keysOfStrings } from './key-lines.ts';
import { keyOfPrivateFile, keysOfPublicFile } from './key-pair.ts';
import { KeyFault, keygenHint, shownName, syntaxHint, type WrittenKey } from './key-parts.ts';
import { readStatements } from './key-statement.ts';

/** A key file has a few hundred bytes. A larger file is something else. */
export const maxKeyFileBytes = 65_536;
/** RFC 8945 8 wants as many bits as the digest has. named warns below 64 bits. */
const leastSecretBits = 128;
/** More key names or file names do not fit into a sentence. */
const maxNamesTold = 8;

export type ParsedKey =
  | { readonly kind: 'key'; readonly key: TsigKey; readonly warnings: readonly Failure[] }
  | { readonly kind: 'invalid'; readonly failure: Failure };

/**
 * The key of that name, or the file's only key. Only that key is judged. Messages name `file`; for a
 * `.private` file, it also holds the key's name. Fails with `key-invalid` or `key-not-found`. Warns with
 * `tsig-weak-algorithm` (hmac-md5: RFC 8945 6) and `tsig-short-secret` (below 128 bits).
 */
export function parseKeyFile(text: string, file: string, keyName?: string): ParsedKey {
  try {
    const key = choose(keysOf(text.replace(/^\ufeff/, ''), file, keyName), keyName);
    return { kind: 'key', key, warnings: warningsOf(key, file) };
  } catch (error) {
    if (!(error instanceof KeyFault)) throw error;
    const end = error.message.endsWith('?') ? '' : '.';
    return {
      kind: 'invalid',
      failure: {
        code: error.code,
        message: `source-dns cannot use the key file ${file}: ${error.message}${end}`,
        hint: error.hint,
      },
    };
  }
}

function keysOf(text: string, file: string, keyName: string | undefined): readonly WrittenKey[] {
  const other = certainlyOther(text);
  if (other !== undefined) throw other;
  const indented = text.split(/\r?\n/);
  const lines = indented.map((line) => line.trim());
  const said = lines.filter((line) => line !== '' && !/^[;#]/.test(line));
  const [first = ''] = said;
  if (/^Private-key-format:/i.test(first)) return [keyOfPrivateFile(lines, file, keyName)];
  if (/^\S+\s+(?:\d+\s+)?(?:IN\s+)?(?:DNS)?KEY\s+\d+\s/i.test(first)) return keysOfPublicFile(lines);
  if (!/\bkey\b[^;{}]{0,300}\{/i.test(text)) {
    if (indented.some(isKeySection)) return keysOfSections(indented);
    if (said.some(isPrinted)) return keysOfPrinted(lines);
    const foreign = withoutKey(said.join('\n'));
    if (foreign !== undefined) throw foreign;
    if (said.some((line) => /^[^\s:"{};]+:[^"{};]*$/.test(line)) && !text.includes('{'))
      return keysOfStrings(lines);
  }
  return keysOfStatements(text);
}

function keysOfStatements(text: string): readonly WrittenKey[] {
  const { keys, includes } = readStatements(text);
  if (keys.length > 0 || includes.length === 0) return keys;
  const files = listed(includes.filter((name) => /^[\w./@+-]+\.\w+$/.test(name)));
  throw new KeyFault(
    'key-not-found',
    `it has no key statement itself, but includes ${files === '' ? 'other files' : files}`,
    "source-dns does not follow includes. Set key_file to the included file that has the key. A relative path begins at named's directory.",
  );
}

interface NamedKey extends WrittenKey {
  /** Undefined if the name is not a domain name. */
  readonly fqdn: Fqdn | undefined;
}

function choose(written: readonly WrittenKey[], keyName: string | undefined): TsigKey {
  if (written.length === 0) throw new KeyFault('key-not-found', 'it has no key statement', syntaxHint);
  const keys = written.map((key): NamedKey => ({ ...key, fqdn: parseAnyName(key.name.text) }));
  const found = keyName === undefined ? keys : keysNamed(keys, keyName);
  const [key, ...more] = found;
  if (
    key === undefined ||
    (keyName === undefined && more.some(({ fqdn }) => fqdn !== key.fqdn || fqdn === undefined))
  )
    throw new KeyFault(
      'key-not-found',
      `it has ${keys.length} keys`,
      `Set key_name to one of: ${namesOf(keys)}`,
    );
  const chosen = key.read();
  const same = ({ algorithm, macBytes, secret }: TsigKey) =>
    algorithm === chosen.algorithm && macBytes === chosen.macBytes && secret.equals(chosen.secret);
  if (more.every((other) => same(other.read()))) return chosen;
  throw new KeyFault(
    'key-invalid',
    `it has the key ${shownName(key.name)} more than once, with different algorithms or secrets (lines ${found.map(({ name }) => name.line).join(', ')})`,
    'Copy the key that the nameserver uses into another file. Two views can have keys of the same name.',
  );
}

/** The keys of that name. Fails if there is none. */
function keysNamed(keys: readonly NamedKey[], keyName: string): readonly NamedKey[] {
  const hint = `Set key_name to one of: ${namesOf(keys)}`;
  const wanted = parseAnyName(keyName);
  if (wanted === undefined) throw new KeyFault('key-not-found', 'key_name is not a domain name', hint);
  const found = keys.filter(({ fqdn }) => fqdn === wanted);
  if (found.length > 0) return found;
  const told = keys.flatMap(({ fqdn, name }) =>
    fqdn === undefined || shownName(name) !== fqdn ? [] : [fqdn],
  );
  const near = closest(wanted, told);
  const shown = shownName({ text: keyName, line: 0 }) === wanted ? ` ${wanted}` : ' of that key_name';
  throw new KeyFault(
    'key-not-found',
    `it has no key${shown}${near === undefined ? '' : `; did you mean ${near}?`}`,
    hint,
  );
}

/** For a sentence: a name that may be a secret is shown as its line. */
const namesOf = (keys: readonly NamedKey[]): string =>
  listed(keys.map(({ fqdn, name }) => (shownName(name) === fqdn ? fqdn : `the key in line ${name.line}`)));

function listed(names: readonly string[]): string {
  const more = names.length - maxNamesTold;
  return names.slice(0, maxNamesTold).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

function warningsOf(key: TsigKey, file: string): readonly Failure[] {
  const warnings: Failure[] = [];
  if (key.algorithm === 'hmac-md5')
    warnings.push({
      code: 'tsig-weak-algorithm',
      message: `The key ${key.name} of ${file} uses hmac-md5, which RFC 8945 advises against.`,
      hint: keygenHint,
    });
  const bits = (key.secret.symmetricKeySize ?? 0) * 8;
  if (bits < leastSecretBits)
    warnings.push({
      code: 'tsig-short-secret',
      message: `The secret of the key ${key.name} of ${file} has ${bits} bits. A secret of less than ${leastSecretBits} bits can be guessed.`,
      hint: keygenHint,
    });
  return warnings;
}
