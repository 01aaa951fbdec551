/** Finds the known word that a person most likely meant. */

/** Insertions, deletions, replacements and swapped neighbours (optimal string alignment). */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let best = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
      );
      if (a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1])
        best = Math.min(best, (beforeLast[column - 2] ?? 0) + 1);
      current.push(best);
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length] ?? 0;
}

/** Longer words are no misspelling of ours, and would make the comparison slow. */
const longestWord = 64;

/** The most likely known word; undefined where none is near. Case, `-` and `_` do not count. */
export function closest(word: string, known: Iterable<string>): string | undefined {
  if (word.length > longestWord) return undefined;
  const plain = (text: string) => text.toLowerCase().replaceAll('-', '_');
  let best: { word: string; distance: number } | undefined;
  for (const candidate of known) {
    const distance = editDistance(plain(word), plain(candidate));
    // At most one letter in three, and one in a short word: "ttl" and "tls" differ by two.
    if (distance > Math.max(1, Math.floor(Math.max(word.length, candidate.length) / 3))) continue;
    if (best === undefined || distance < best.distance) best = { word: candidate, distance };
  }
  return best?.word;
}

/** `; did you mean "x"?`, or nothing. */
export function didYouMean(word: string, known: Iterable<string>): string {
  const near = closest(word, known);
  return near === undefined ? '' : `; did you mean "${near}"?`;
}
