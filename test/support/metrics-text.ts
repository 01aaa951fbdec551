/** Reads the text format of Prometheus: what a scrape says, as series and values. */

export interface Scraped {
  /** `name{label="value"}` to its value, in the order of the text. */
  readonly values: ReadonlyMap<string, number>;
  /** `# TYPE` lines: name to type. */
  readonly types: ReadonlyMap<string, string>;
}

const line = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*",?)*\})? (\S+)$/;

/** Throws at a line that is none, and at a series or TYPE that comes twice. */
export function readMetrics(text: string): Scraped {
  const values = new Map<string, number>();
  const types = new Map<string, string>();
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  const lines = text.split('\n').slice(0, -1);
  for (const one of lines.filter((each) => each.startsWith('# TYPE '))) {
    const [, , name = '', type = ''] = one.split(' ');
    if (types.has(name)) throw new Error(`two TYPE lines: ${name}`);
    types.set(name, type);
  }
  for (const one of lines.filter((each) => each !== '' && !each.startsWith('#'))) {
    const [, name, labels = '', value] = line.exec(one) ?? [];
    if (name === undefined) throw new Error(`no line of metrics: ${one}`);
    const series = `${name}${labels}`;
    if (values.has(series)) throw new Error(`a series comes twice: ${series}`);
    values.set(series, Number(value));
  }
  return { values, types };
}

/** The series of one metric, without its name: labels to value. */
export const seriesNamed = ({ values }: Scraped, name: string): Readonly<Record<string, number>> =>
  Object.fromEntries(
    [...values].flatMap(([series, value]) => {
      const [own, labels = ''] = series.split(/(?=\{)/);
      return own === name ? [[labels, value] as const] : [];
    }),
  );
