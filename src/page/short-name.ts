/** Names that are too long for a box. Pure. */

/** What one character of the names is wide, and what of a box is not free for them. */
const characterWidth = 7.9;
export const besideName = 30;

interface Room {
  /** What of the width is not free. */
  readonly beside?: number;
  /** So many characters say nothing: all names of the drawing begin with them. */
  readonly shared?: number;
}

/** What all names share at the beginning is left out first, then the middle: ports are at the end. */
export function shortened(
  text: string,
  width: number,
  { beside = besideName, shared = 0 }: Room = {},
): string {
  const most = Math.floor((width - beside) / characterWidth);
  const whole = [...text];
  if (whole.length <= most) return text;
  const own = shared > 0 ? ['…', ...[...text.slice(shared)]] : whole;
  if (own.length <= most) return own.join('');
  const tail = Math.floor(most / 3);
  return `${own.slice(0, most - tail - 1).join('')}…${own.slice(-tail).join('')}`;
}

/** How many characters all of them share at the beginning, up to the last sign that divides a name. */
export function sharedStart(names: readonly string[]): number {
  const [first = '', ...others] = names;
  let same = 0;
  while (same < first.length && others.every((name) => name[same] === first[same])) same += 1;
  return others.length === 0
    ? 0
    : Math.max(...['.', '-'].map((sign) => first.lastIndexOf(sign, same - 1) + 1));
}
