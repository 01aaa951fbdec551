import { describe, expect, test } from 'vitest';
import { parseKeyFile } from '../../src/dns/keyfile.ts';

const secret = 'c2VjcmV0IHRoYXQgbm9ib2R5IG1heSBzZWU=';
const key = (name: string, algorithm = 'hmac-sha256') => `key "${name}" {\n\talgorithm ${algorithm};\n\tsecret "${secret}";\n};\n`;
const parse = (text: string, keyName?: string) => parseKeyFile(text, '/etc/k.key', keyName);

test('what tsig-keygen writes', () => {
  const parsed = parse(key('source-dns-key'));
  if (parsed.kind === 'invalid') throw new Error(parsed.failure.message);
  expect(parsed.key).toMatchObject({ name: 'source-dns-key.', algorithm: 'hmac-sha256' });
  expect(parsed.key.secret.export().toString('base64')).toBe(secret);
  expect(parsed.warnings).toEqual([]);
});

test.each([
  ['on one line, without quotes', `key K.example. {algorithm HMAC-SHA512;secret ${secret};};`, 'k.example.', 'hmac-sha512'],
  ['the other order', `key k { secret "${secret}"; algorithm "hmac-sha1"; };`, 'k.', 'hmac-sha1'],
  [
    'comments of all three kinds',
    `# { one\n// key "x" {\n/* " \n ; */ key /**/ k { algorithm hmac-sha384; # "\n secret "${secret}"; };`,
    'k.',
    'hmac-sha384',
  ],
  ['other statements', `controls { inet 127.0.0.1 allow { any; } keys { "k"; }; };\ninclude "x";\n${key('k')}`, 'k.', 'hmac-sha256'],
  ['MD5 by its long name', key('k', 'hmac-md5.sig-alg.reg.int'), 'k.', 'hmac-md5'],
])('%s', (_, text, name, algorithm) => {
  expect(parse(text)).toMatchObject({ kind: 'key', key: { name, algorithm } });
});

test('MD5 is warned of', () => {
  expect(parse(key('k', 'hmac-md5'))).toMatchObject({ warnings: [{ code: 'tsig-weak-algorithm' }] });
});

test('several keys: by name, in any case', () => {
  const file = `${key('one')}${key('Two')}`;
  expect(parse(file, 'TWO.')).toMatchObject({ kind: 'key', key: { name: 'two.' } });
  expect(parse(file)).toMatchObject({
    failure: { code: 'key-not-found', message: expect.stringContaining('2 keys'), hint: expect.stringContaining('one., two.') },
  });
  expect(parse(file, 'three')).toMatchObject({ failure: { code: 'key-not-found', hint: expect.stringContaining('one., two.') } });
  expect(parse(`${file}${key('two')}`, 'two')).toMatchObject({ failure: { code: 'key-invalid' } });
});

describe('what cannot be read is told with its line, and without the secret', () => {
  test.each([
    ['nothing', '', /no key statement/],
    ['no secret', '\n\nkey "k" { algorithm hmac-sha256; };', /line 3: the key k\. has no secret/],
    ['no algorithm', `key "k" {\n secret "${secret}"; };`, /line 1: .* no algorithm/],
    ['no end', `key "k" { algorithm hmac-sha256; secret "${secret}";`, /line 1: a statement has no end/],
    ['no semicolon', `key "k" {\n algorithm hmac-sha256\n secret "${secret}"; };`, /line 2: a ; is missing/],
    ['a brace too many', `\n};\n${key('k')}`, /line 2: a } too many/],
    ['a quote without end', `key "k" {\n algorithm hmac-sha256;\n secret "${secret}; };`, /line 3: a quoted string has no end/],
    ['a comment without end', `${key('k')}\n/* ${secret}`, /line 6: a comment has no end/],
    ['an unknown algorithm', `\n${key('k', 'hmac-sha256-128')}`, /line 3: the algorithm is not one of hmac-md5, /],
    ['a secret that lost a character', key('k').replace(secret, secret.slice(1)), /line 3: the secret is not base64/],
    ['an empty secret', key('k').replace(secret, ''), /line 3: the secret is not base64/],
    ['secret and name mixed up', `key "${secret}" { algorithm hmac-sha256; secret "k"; };`, /line 1: the key's name is no domain name/],
    ['a clause twice', `key k { secret "${secret}";\n secret "${secret}"; };`, /line 2: secret stands there more than once/],
    ['an unknown clause', `key k { secrte "${secret}"; };`, /line 1: only algorithm and secret/],
    ['the secret as a clause', `key k { "${secret}" algorithm; };`, /line 1: only algorithm and secret/],
  ])('%s', (_, text, message) => {
    const parsed = parse(text);
    expect(parsed).toMatchObject({ kind: 'invalid', failure: { message: expect.stringMatching(message) } });
    expect(JSON.stringify(parsed)).toContain('/etc/k.key');
    expect(JSON.stringify(parsed)).not.toContain(secret.slice(1, 12));
  });
});
