/** The failure codes are a closed set: each code has one row in docs/DNS.md, and each row has a code. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root, textOfFile } from '../../support/checkout.ts';

/** Not a failure code: RefusalCode tells the core what a refusal means. */
const outcomes = ['not-sent'];

/** Every literal at a `code:`, also behind a condition or in a type, and the code of each `new KeyFault`. */
function codesIn(text: string): readonly string[] {
  const places = [
    ...text.matchAll(/\bcode: ([^;{}]*?)(?:,|;|\n| \})/g),
    ...text.matchAll(/new KeyFault\(\s*('[^']+')/g),
  ];
  return places.flatMap(([, place = '']) =>
    [...place.matchAll(/(?<!\[)'([a-z]+(?:-[a-z]+)*)'/g)].map(([, code = '']) => code),
  );
}

test('docs/DNS.md lists exactly the failure codes of src/dns', () => {
  const folder = join(root, 'src', 'dns');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => readFileSync(join(folder, path), 'utf8'));
  const used = new Set(files.flatMap(codesIn).filter((code) => !outcomes.includes(code)));
  const [, table = ''] = textOfFile('docs/DNS.md').split('\n## Failures\n');
  const documented = [...table.matchAll(/^\| `([a-z-]+)` \| [^|]+ \| [^|]+ \|$/gm)].map(
    ([, code = '']) => code,
  );
  expect(documented).toEqual([...new Set(documented)].sort());
  expect(documented).toEqual([...used].sort());
  expect(used.size).toBeGreaterThan(40);
});
