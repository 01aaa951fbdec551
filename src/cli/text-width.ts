/** How many columns a text takes on a terminal. Pure. */

// biome-ignore lint/suspicious/noControlCharactersInRegex: it is what a style's colours begin with.
const sgr = /\u001b\[[\d;]*m/g;
/** Also the vowels and final consonants of Hangul, which are drawn into the syllable before them. */
const noWidth = /[\p{Mn}\p{Me}\p{Cf}\u1160-\u11ff]/u;
/**
 * Han, kana, Hangul, full-width forms and emoji take two columns (UAX 11, Wide and Fullwidth). Of a flag each
 * half takes one.
 */
const wide =
  /(?![\u{1f1e6}-\u{1f1ff}])\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{20000}-\u{3fffd}]/u;

export const withoutColours = (text: string): string => text.replace(sgr, '');

/** Colours have no width. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of withoutColours(text))
    width += noWidth.test(character) ? 0 : wide.test(character) ? 2 : 1;
  return width;
}

/** The text with blanks after it, up to this width. */
export const padded = (text: string, columns: number): string =>
  `${text}${' '.repeat(Math.max(0, columns - widthOf(text)))}`;
