/** BIND's `key` statements: named.conf, tsig-keygen, ddns-confgen, rndc.key. Pure; throws KeyFault. */
import { invalid, type Word, type WrittenKey, writtenKey } from './key-parts.ts';

interface Token extends Word {
  readonly quoted: boolean;
}

interface Statements {
  readonly keys: readonly WrittenKey[];
  /** The included files, as written. They are not read. */
  readonly includes: readonly string[];
}

/** The keys at the top level and in views. Skips other statements. */
export const readStatements = (text: string): Statements => statementsOf(tokens(text), true);

/**
 * Words, quoted strings and `{ } ;`, as named's lexer has them, without comments (`//`, `#`, and C block
 * comments, which also end a word). White space is ASCII. A string may go over lines; its reader handles
 * escapes.
 */
function tokens(text: string): readonly Token[] {
  const found: Token[] = [];
  const pattern =
    /\/\/[^\n]*|#[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|"((?:\\[\s\S]|[^"\\])*)("?)|[{};]|(?:[^ \t\r\n{};"#/]|\/(?![/*]))+/g;
  let line = 1;
  let counted = 0;
  for (const match of text.matchAll(pattern)) {
    line += text.slice(counted, match.index).split('\n').length - 1;
    counted = match.index;
    const [token, quoted, end] = match;
    if (quoted !== undefined && end === '') throw invalid(line, 'a quoted string has no end');
    if (token.startsWith('/*') && (token.length < 4 || !token.endsWith('*/')))
      throw invalid(line, 'a comment has no end');
    if (/^(\/\/|#|\/\*)/.test(token)) continue;
    found.push({ text: quoted ?? token, quoted: quoted !== undefined, line });
  }
  return found;
}

const signOf = (token: Token | undefined): string | undefined => (token?.quoted ? undefined : token?.text);
const isSign = (token: Token | undefined, sign: string): boolean => signOf(token) === sign;
const isWord = (token: Token | undefined, word: string): boolean => signOf(token)?.toLowerCase() === word;

function statementsOf(all: readonly Token[], topLevel: boolean): Statements {
  const keys: WrittenKey[] = [];
  const includes: string[] = [];
  for (let at = 0; at < all.length; ) {
    const end = statementEnd(all, at);
    const statement = all.slice(at, end);
    const [keyword, name] = statement;
    if (isWord(keyword, 'key')) keys.push(keyOf(statement));
    if (isWord(keyword, 'include') && name?.quoted) includes.push(name.text);
    if (isWord(keyword, 'view') && topLevel) {
      const inside = statementsOf(blockOf(statement) ?? [], false);
      keys.push(...inside.keys);
      includes.push(...inside.includes);
    }
    at = end;
  }
  return { keys, includes };
}

/**
 * The index behind the statement that begins at `start`. A statement ends with `;`, or with the `}` of its
 * block; as in dhcpd.conf, the `;` behind that `}` may be missing.
 */
function statementEnd(all: readonly Token[], start: number): number {
  let depth = 0;
  for (let at = start; at < all.length; at++) {
    const sign = signOf(all[at]);
    depth += Number(sign === '{') - Number(sign === '}');
    if (depth < 0) throw invalid(all[at]?.line ?? 0, 'there is one } too many');
    if (depth > 0) continue;
    if (sign === ';') return at + 1;
    if (sign === '}') return signOf(all[at + 1]) === ';' ? at + 2 : at + 1;
  }
  // ddns-confgen's last line is a command for the reader, not a statement.
  if (!all.slice(start).some((token) => isWord(token, 'key'))) return all.length;
  throw invalid(all[start]?.line ?? 0, 'a statement has no end: a } or ; is missing');
}

/** Everything between the statement's first `{` and its last `}`; undefined without a block. */
function blockOf(statement: readonly Token[]): readonly Token[] | undefined {
  const open = statement.findIndex((token) => isSign(token, '{'));
  const close = statement.findLastIndex((token) => isSign(token, '}'));
  return open === -1 || close === -1 ? undefined : statement.slice(open + 1, close);
}

/** `key NAME { ... };`, with its clauses in any order. */
function keyOf(statement: readonly Token[]): WrittenKey {
  const [keyword, name, open] = statement;
  const body = blockOf(statement);
  if (name === undefined || !isSign(open, '{') || body === undefined)
    throw invalid(
      keyword?.line ?? 0,
      'a key statement looks like: key "name" { algorithm hmac-sha256; secret "..."; };',
    );
  const read = () => {
    const clauses = clausesOf(body);
    return writtenKey(name, clauses.get('algorithm'), clauses.get('secret')).read();
  };
  return { name, read };
}

function clausesOf(body: readonly Token[]): ReadonlyMap<string, Token> {
  const clauses = new Map<string, Token>();
  for (let at = 0; at < body.length; at += 3) {
    const [keyword, value, end] = body.slice(at, at + 3);
    const line = keyword?.line ?? 0;
    const fault = slipIn(keyword, value);
    if (fault !== undefined) throw invalid(line, fault);
    if (keyword === undefined || value === undefined || !isSign(end, ';'))
      throw invalid(line, 'a ; is missing');
    const word = keyword.text.toLowerCase();
    if (word !== 'algorithm' && word !== 'secret')
      throw invalid(line, 'a key statement has only algorithm and secret');
    if (clauses.has(word)) throw invalid(line, `${word} is there more than once`);
    clauses.set(word, value);
  }
  return clauses;
}

/** A mistake whose other failure message would be misleading. */
function slipIn(keyword: Token | undefined, value: Token | undefined): string | undefined {
  // A string may go over lines, but not over the next clause.
  if (value?.quoted && /[;{}]/.test(value.text) && value.text.includes('\n'))
    return 'a quoted string has no end';
  if (isSign(keyword, ';')) return 'there is one ; too many';
  if (/\s/.test(keyword?.text ?? ''))
    return 'there is a space that is not ASCII, as in text copied from a web page';
  if (isSign(value, '=')) return 'a word and its value must have no = between them';
  return undefined;
}
