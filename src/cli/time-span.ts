/** Points in time as an operator types them: `2h`, `2026-11-22`, `2026-11-22T10:00+01:00`. Pure. */

const unitMs: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/**
 * The time in milliseconds since 1970, or what is wrong. Without a zone it is UTC, as the history prints it:
 * local time has hours that come twice. `now`: what `2h` counts back from.
 */
export function readTime(text: string, now: number): number | string {
  const [, count, unit = ''] = /^(\d{1,6})\s?(s|m|h|d|w)$/.exec(text) ?? [];
  if (count !== undefined) return now - Number(count) * (unitMs[unit] ?? 0);
  const [, day, time = '00:00', zone = 'Z'] =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)\s?(Z|[+-]\d\d:\d\d)?)?$/.exec(text) ?? [];
  const at = day === undefined ? Number.NaN : Date.parse(`${day}T${time}${zone}`);
  // Date.parse takes the 31st of each month.
  if (Number.isNaN(at) || !isDay(day ?? ''))
    return `"${text}" is no time; write for example 2h, 3d, 2026-11-22 or "2026-11-22 11:30" (UTC)`;
  return at;
}

function isDay(day: string): boolean {
  const at = Date.parse(`${day}T00:00Z`);
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(day);
}
