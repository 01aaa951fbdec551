/** Colours, unless they would be noise. Pure. */

export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  red(text: string): string;
}

const sgr =
  (code: number) =>
  (text: string): string =>
    text === '' ? '' : `\u001b[${code}m${text}\u001b[0m`;
const plain = (text: string): string => text;

/** ECMA-48 SGR sequences, or the plain text. */
export const createStyle = (colours: boolean): Style =>
  colours
    ? { bold: sgr(1), dim: sgr(2), green: sgr(32), yellow: sgr(33), red: sgr(31) }
    : { bold: plain, dim: plain, green: plain, yellow: plain, red: plain };

/** Makes every text of a value safe to print: no server or zone may move the cursor or hide a line. */
export function printable<T>(value: T): T {
  if (typeof value === 'string') return value.replace(/\p{Cc}|\p{Cf}|\u2028|\u2029/gu, '\ufffd') as T;
  if (Array.isArray(value)) return value.map((item) => printable(item)) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, printable(item)])) as T;
}
