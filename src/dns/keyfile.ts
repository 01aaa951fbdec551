/** BIND's `key` statement, as tsig-keygen writes it, out of a file's text. Failures name the line, never the secret. Pure. */
import type { Failure } from '../core/observation.ts';
import { parseFqdn } from './name.ts';
import { TSIG_ALGORITHMS, type TsigAlgorithm, type TsigKey, tsigAlgorithm, tsigKey } from './tsig.ts';

/** A key file is a few hundred bytes; a file above this is something else. */
export const MAX_KEY_FILE_BYTES = 65_536;

export type ParsedKey =
  | { readonly kind: 'key'; readonly key: TsigKey; readonly warnings: readonly Failure[] }
  | { readonly kind: 'invalid'; readonly failure: Failure };

interface Token {
  readonly text: string;
  readonly quoted: boolean;
  readonly line: number;
}

/** Thrown inside this file only, where the text cannot be read on. */
class KeyFileError extends Error {
  readonly code: 'key-invalid' | 'key-not-found';
  readonly hint: string;
  constructor(code: KeyFileError['code'], message: string, hint: string) {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}

const KEYGEN_HINT = "Make one with: tsig-keygen -a hmac-sha256 source-dns-key. It must be the same as in the nameserver's configuration.";

/**
 * The key of that name, or the file's only key. `file` is for messages. Other statements are skipped.
 * Fails with `key-invalid` or `key-not-found`. Warns with `tsig-weak-algorithm` (hmac-md5: RFC 8945 6).
 */
export function parseKeyFile(text: string, file: string, keyName?: string): ParsedKey {
  try {
    const keys = keyStatements(tokens(text)).map(keyOf);
    const key = choose(keys, keyName);
    return { kind: 'key', key, warnings: key.algorithm === 'hmac-md5' ? [weakAlgorithm(key, file)] : [] };
  } catch (error) {
    if (!(error instanceof KeyFileError)) throw error;
    return { kind: 'invalid', failure: { code: error.code, message: `The key file ${file}: ${error.message}.`, hint: error.hint } };
  }
}

function choose(keys: readonly TsigKey[], keyName: string | undefined): TsigKey {
  const names = keys.map((key) => key.name).join(', ');
  if (keys.length === 0) throw new KeyFileError('key-not-found', 'it has no key statement', KEYGEN_HINT);
  const wanted = keyName === undefined ? undefined : parseFqdn(keyName);
  if (wanted?.kind === 'invalid') throw new KeyFileError('key-not-found', `key_name: ${wanted.failure.message}`, `The file has: ${names}`);
  const found = wanted === undefined ? keys : keys.filter((key) => key.name === wanted.name);
  const [key, second] = found;
  if (key === undefined) throw new KeyFileError('key-not-found', `it has no key ${wanted?.name}`, `Set key_name to one of: ${names}`);
  if (second !== undefined && wanted === undefined)
    throw new KeyFileError('key-not-found', `it has ${keys.length} keys`, `Set key_name to one of: ${names}`);
  if (second !== undefined) throw new KeyFileError('key-invalid', `it has the key ${key.name} more than once`, 'Keep one of them.');
  return key;
}

const weakAlgorithm = (key: TsigKey, file: string): Failure => ({
  code: 'tsig-weak-algorithm',
  message: `The key ${key.name} of ${file} is for hmac-md5, which RFC 8945 advises against.`,
  hint: KEYGEN_HINT,
});

/** Words, quoted strings and `{ } ;`, without the comments of named.conf: `//`, `#` and the block comment of C. */
function tokens(text: string): readonly Token[] {
  const found: Token[] = [];
  const pattern = /\/\/[^\n]*|#[^\n]*|\/\*[\s\S]*?\*\/|"([^"\n]*)"|[{};]|[^\s{};"]+|"/g;
  let line = 1;
  let counted = 0;
  for (const match of text.matchAll(pattern)) {
    line += text.slice(counted, match.index).split('\n').length - 1;
    counted = match.index;
    const [token, quoted] = match;
    if (token === '"') throw invalid(line, 'a quoted string has no end');
    if (token.startsWith('/*') && !token.endsWith('*/')) throw invalid(line, 'a comment has no end');
    if (/^(\/\/|#|\/\*)/.test(token)) continue;
    found.push({ text: quoted ?? token, quoted: quoted !== undefined, line });
  }
  return found;
}

const invalid = (line: number, fault: string): KeyFileError => new KeyFileError('key-invalid', `line ${line}: ${fault}`, KEYGEN_HINT);

interface KeyStatement {
  readonly name: Token;
  readonly body: readonly Token[];
}

const isSign = (token: Token | undefined, sign: string): boolean => token !== undefined && !token.quoted && token.text === sign;

/** The `key NAME { ... };` statements of the file's top level. */
function keyStatements(all: readonly Token[]): readonly KeyStatement[] {
  const statements: KeyStatement[] = [];
  for (let at = 0; at < all.length; ) {
    const end = statementEnd(all, at);
    const [keyword, name, open] = all.slice(at, end);
    if (keyword?.text.toLowerCase() === 'key' && !keyword.quoted) {
      if (name === undefined || !isSign(open, '{') || !isSign(all[end - 2], '}'))
        throw invalid(keyword.line, 'a key statement is: key "name" { algorithm hmac-sha256; secret "..."; };');
      statements.push({ name, body: all.slice(at + 3, end - 2) });
    }
    at = end;
  }
  return statements;
}

/** The index behind the `;` that ends the statement which begins at `start`. */
function statementEnd(all: readonly Token[], start: number): number {
  let depth = 0;
  for (let at = start; at < all.length; at++) {
    if (isSign(all[at], '{')) depth++;
    if (isSign(all[at], '}')) depth--;
    if (depth === 0 && isSign(all[at], ';')) return at + 1;
    if (depth < 0) throw invalid(all[at]?.line ?? 0, 'a } too many');
  }
  throw invalid(all[start]?.line ?? 0, 'a statement has no end: a } or ; is missing');
}

function keyOf(statement: KeyStatement): TsigKey {
  const name = parseFqdn(statement.name.text);
  // Not the name's text: someone may have mixed up the name and the secret.
  if (name.kind === 'invalid') throw invalid(statement.name.line, "the key's name is no domain name");
  const clauses = clausesOf(statement);
  const algorithm = clauses.get('algorithm');
  const secret = clauses.get('secret');
  if (algorithm === undefined || secret === undefined)
    throw invalid(statement.name.line, `the key ${name.name} has no ${algorithm === undefined ? 'algorithm' : 'secret'}`);
  return tsigKey(name.name, algorithmOf(algorithm), secretOf(secret));
}

function clausesOf({ body }: KeyStatement): ReadonlyMap<string, Token> {
  const clauses = new Map<string, Token>();
  for (let at = 0; at < body.length; at += 3) {
    const [keyword, value, end] = body.slice(at, at + 3);
    if (keyword === undefined || value === undefined || !isSign(end, ';')) throw invalid(keyword?.line ?? 0, 'a ; is missing');
    const word = keyword.text.toLowerCase();
    if (word !== 'algorithm' && word !== 'secret') throw invalid(keyword.line, 'only algorithm and secret are known in a key statement');
    if (clauses.has(word)) throw invalid(keyword.line, `${word} stands there more than once`);
    clauses.set(word, value);
  }
  return clauses;
}

function algorithmOf(token: Token): TsigAlgorithm {
  const algorithm = tsigAlgorithm(token.text);
  if (algorithm === undefined) throw invalid(token.line, `the algorithm is not one of ${TSIG_ALGORITHMS.join(', ')}`);
  return algorithm;
}

function secretOf(token: Token): Buffer {
  // Buffer.from skips what is no base64; a key that lost a character so would only show as BADSIG.
  const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
  if (token.text === '' || !base64.test(token.text)) throw invalid(token.line, 'the secret is not base64');
  return Buffer.from(token.text, 'base64');
}
