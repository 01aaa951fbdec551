/** BIND's `key` statement out of a file of named.conf's kind: tsig-keygen, ddns-confgen, rndc.key, rndc.conf. Pure; throws KeyFault. */
import { invalid } from './key-fault.ts';
import { algorithmOf, keyNameOf, secretOf } from './key-parts.ts';
import { type TsigKey, tsigKey } from './tsig.ts';

interface Token {
  readonly text: string;
  readonly quoted: boolean;
  readonly line: number;
}

/** The keys of the file's top level; other statements are skipped. */
export const keysOfStatements = (text: string): readonly TsigKey[] => keyStatements(tokens(text)).map(keyOf);

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
  const name = keyNameOf(statement.name.text, statement.name.line);
  const clauses = clausesOf(statement);
  const algorithm = clauses.get('algorithm');
  const secret = clauses.get('secret');
  if (algorithm === undefined || secret === undefined)
    throw invalid(statement.name.line, `the key ${name} has no ${algorithm === undefined ? 'algorithm' : 'secret'}`);
  return tsigKey(name, algorithmOf(algorithm.text, algorithm.line), secretOf(secret.text, secret.line));
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
