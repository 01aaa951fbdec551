/** Whatever a server or a zone says becomes text: the only place that escapes. */

import { expect, test } from 'vitest';
import { html, textOf } from '../../../src/page/html.ts';

test('texts and numbers become text, in an element and in an attribute', () => {
  const hostile = `"><script>alert('1')</script>&amp;`;
  expect(textOf(html`<p title="${hostile}">${hostile} ${5}</p>`)).toBe(
    '<p title="&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;amp;">&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;amp; 5</p>',
  );
});

test('markup inside of markup stays, alone and in a list; nothing becomes of nothing', () => {
  const items = ['a', '<b>'].map((each) => html`<li>${each}</li>`);
  expect(textOf(html`<ul>${items}${false}${null}${undefined}</ul>`)).toBe(
    '<ul><li>a</li><li>&lt;b&gt;</li></ul>',
  );
});

test('an object that looks like markup is none', () => {
  const forged = { markup: '<b>' } as unknown as string;
  expect(() => textOf(html`${forged}`)).not.toThrow();
  expect(textOf(html`${forged}`)).not.toContain('<b>');
});

test.each([
  ['turns the direction of writing', 'db\u202e1\u2066.evil'],
  ['is invisible', 'db\u200b1\ufeff\u00ad'],
  ['is a control', 'db\u0000\u001b[2J\u0085'],
  ['ends a line for some readers', 'db\u2028\u2029'],
  ['is half a character', 'db\ud800'],
])('a character that %s is shown as a replacement', (_, text) => {
  expect(textOf(html`${text}`)).toMatch(/^db[\ufffd1[2J.evil]+$/);
});

test('letters of every language, emoji and line ends stay', () => {
  const text = 'данные-1 数据库 قاعدة 🗄\n\tdb';
  expect(textOf(html`${text}`)).toBe(text);
});

test('an attribute without quotes is a bug', () => {
  expect(() => html`<a href=${'x'}>`).toThrow('without quotes');
  // Only the template counts, not what is put in.
  expect(textOf(html`${'a='}${'b'}`)).toBe('a=b');
});
