/**
 * Key files that named accepts, each with another key, and the key that they hold. keyfile.test.ts reads
 * them; test/real/contract/key-files.test.ts gives these files to named-checkconf and to a real named.
 */
import type { TsigAlgorithm } from '../../src/dns/message/tsig.ts';

export interface Spelling {
  readonly what: string;
  readonly text: string;
  /** Canonical, as an Fqdn. */
  readonly name: string;
  /** As in a quoted string of named.conf. */
  readonly quotedName: string;
  readonly algorithm: TsigAlgorithm;
  /** Absent: the whole MAC. */
  readonly macBits?: number;
  /** In base64. */
  readonly secret: string;
}

/** 32 bytes, different for each key. The base64 has a `+` and ends in `=`. */
const secretOf = (what: string): string =>
  Buffer.from(`>>>>${what}${'.'.repeat(28)}`.slice(0, 32), 'latin1').toString('base64');

type Write = (name: string, secret: string) => string;

/** A spelling whose key has a plain name. */
function plain(
  what: string,
  write: Write,
  algorithm: TsigAlgorithm = 'hmac-sha256',
  secret = secretOf(what),
): Spelling {
  const name = what.replace(/[^A-Za-z0-9]+/g, '-').toLowerCase();
  return { what, text: write(name, secret), name: `${name}.`, quotedName: name, algorithm, secret };
}

/** A name as in the file, with its quotes, and the canonical name. */
function named(written: string, name: string): Spelling {
  const secret = secretOf(name);
  const quotedName = written.startsWith('"') ? written.slice(1, -1) : written;
  const text = `key ${written} { algorithm hmac-sha256; secret "${secret}"; };\n`;
  return { what: `the name ${written}`, text, name, quotedName, algorithm: 'hmac-sha256', secret };
}

const withAlgorithm = (written: string, algorithm: TsigAlgorithm, macBits?: number): Spelling => ({
  ...plain(
    `algorithm ${written}`,
    (name, secret) => `key "${name}" { algorithm ${written}; secret "${secret}"; };`,
    algorithm,
  ),
  ...(macBits && { macBits }),
});

const bytes = (length: number): string => Buffer.alloc(length, 'long secret').toString('base64');

const withSecret = (what: string, spaced: (secret: string) => string, secret = secretOf(what)): Spelling =>
  plain(
    what,
    (name, base64) => `key "${name}" {\n\talgorithm hmac-sha256;\n\tsecret "${spaced(base64)}";\n};\n`,
    'hmac-sha256',
    secret,
  );

export const spellings: readonly Spelling[] = [
  plain(
    'as tsig-keygen',
    (name, secret) => `key "${name}" {\n\talgorithm hmac-sha256;\n\tsecret "${secret}";\n};\n`,
  ),
  plain(
    'CRLF',
    (name, secret) => `key "${name}" {\r\n\talgorithm hmac-sha256;\r\n\tsecret "${secret}";\r\n};\r\n`,
  ),
  plain('one line', (name, secret) => `key ${name} {algorithm hmac-sha256;secret ${secret};};`),
  plain('no space', (name, secret) => `key"${name}"{algorithm"hmac-sha256";secret"${secret}";};`),
  plain('other order', (name, secret) => `key ${name} { secret "${secret}"; algorithm "hmac-sha256"; };`),
  plain(
    'capitals',
    (name, secret) => `KEY ${name.toUpperCase()} { Algorithm HMAC-SHA256; SECRET "${secret}"; };`,
  ),
  plain(
    'as named-checkconf -p',
    (name, secret) => `key "${name}" {\n\talgorithm "hmac-sha256";\n\tsecret "${secret}";\n};\n`,
  ),
  plain(
    'comments',
    (name, secret) =>
      `// it's { one "\n# */ /* two\n/* " \n ; } */ key /***/ "${name}"/* x */{ algorithm hmac-sha256# "\n` +
      `; /* secret "QQ=="; */ secret /**/ "${secret}"// }\n ;/* */}; // the end`,
  ),
  plain(
    'a comment ends a word',
    (name, secret) => `key ${name}// x\n { algorithm hmac-sha256#x\n; secret "${secret}"; };`,
  ),
  plain(
    'other statements',
    (name, secret) =>
      `acl "${name}" { key "${name}"; 192.0.2.0/24; };\nlogging { channel "}{" { null; }; };\n` +
      `server 192.0.2.1 { keys { "${name}"; }; };\nkey "${name}" { algorithm hmac-sha256; secret "${secret}"; };\n`,
  ),
  plain(
    'a key in a string',
    (name, secret) =>
      `tls "${name}" { ca-file "key \\"${name}\\" { algorithm hmac-md5; secret \\"QQ==\\"; };"; };\n` +
      `key ${name} { algorithm hmac-sha256; secret "${secret}"; };`,
  ),
  withSecret('spaces in the secret', (secret) => ` ${secret.slice(0, 5)} \t ${secret.slice(5)} `),
  withSecret('a line end in the secret', (secret) => `${secret.slice(0, 20)}\n\t\t${secret.slice(20)}`),
  withSecret('CRLF in the secret', (secret) => `${secret.slice(0, 20)}\r\n${secret.slice(20)}`),
  withSecret('a secret of one byte', (secret) => secret, 'QQ=='),
  withSecret('a secret as long as a block', (secret) => secret, bytes(64)),
  withSecret('a secret longer than a block', (secret) => secret, bytes(65)),
  withSecret('a secret of 512 bytes', (secret) => secret, bytes(512)),
  withAlgorithm('hmac-md5', 'hmac-md5'),
  withAlgorithm('hmac-md5.sig-alg.reg.int', 'hmac-md5'),
  withAlgorithm('HMAC-MD5.SIG-ALG.REG.INT.', 'hmac-md5'),
  withAlgorithm('hmac-sha1', 'hmac-sha1'),
  withAlgorithm('hmac-sha224', 'hmac-sha224'),
  withAlgorithm('hmac-sha384', 'hmac-sha384'),
  withAlgorithm('hmac-sha512', 'hmac-sha512'),
  withAlgorithm('hmac-md5-80', 'hmac-md5', 80),
  withAlgorithm('hmac-sha1-80', 'hmac-sha1', 80),
  withAlgorithm('hmac-sha224-112', 'hmac-sha224', 112),
  withAlgorithm('hmac-sha256-128', 'hmac-sha256', 128),
  withAlgorithm('HMAC-SHA256-256', 'hmac-sha256'),
  withAlgorithm('hmac-sha256-136', 'hmac-sha256', 136),
  withAlgorithm('hmac-sha256-0', 'hmac-sha256'),
  withAlgorithm('hmac-sha384-0192', 'hmac-sha384', 192),
  withAlgorithm('hmac-sha512-256', 'hmac-sha512', 256),
  named('Mixed.Case.', 'mixed.case.'),
  named('"a/b@c"', 'a/b\\064c.'),
  named('a@b', 'a\\064b.'),
  named('*.any', '*.any.'),
  named('a:b', 'a\\058b.'),
  named('a=b,c$d(e)', 'a\\061b\\044c\\036d\\040e\\041.'),
  named('"a b;c{d}#e//f"', 'a\\032b\\059c\\123d\\125\\035e//f.'),
  named('"q\\"q"', 'q\\034q.'),
  named('dot\\.dot', 'dot\\046dot.'),
  named('dot\\046dot.two', 'dot\\046dot.two.'),
  named('"back\\\\slash"', 'back\\092slash.'),
  named("'single'", '\\039single\\039.'),
  named('"schlüssel"', 'schl\\195\\188ssel.'),
  named('10.0.0.1', '10.0.0.1.'),
  named('@', '.'),
  named('no-break\u00a0space', 'no-break\\194\\160space.'),
  named(
    `${'x'.repeat(63)}.${'y'.repeat(63)}.${'z'.repeat(63)}.${'w'.repeat(61)}`,
    `${'x'.repeat(63)}.${'y'.repeat(63)}.${'z'.repeat(63)}.${'w'.repeat(61)}.`,
  ),
];

/** A key in a view, which must also have every zone. */
export const inView = (zones: string): Spelling =>
  plain(
    'in a view',
    (name, secret) =>
      `view "all" IN { ${zones}\nkey "${name}" { algorithm hmac-sha256; secret "${secret}"; }; };\n`,
  );
