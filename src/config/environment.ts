/** Fills variables of the environment into a text. */

export type Variables = Readonly<Record<string, string | undefined>>;

type Expansion = {
  readonly text: string;
  readonly expanded: boolean;
  readonly problems: readonly string[];
};

/**
 * Replaces `${NAME}`, and `${NAME:-default}` as a shell does: the default stands for an unset or empty
 * variable. `$${` is a literal `${`. Neither a value nor a default is expanded again.
 */
export function expand(text: string, variables: Variables): Expansion {
  const problems: string[] = [];
  let expanded = false;
  const result = text.replace(/\$\$\{|\$\{([^}]*)\}?/g, (match, inside: string | undefined) => {
    if (inside === undefined) return '${';
    const [, name, fallback] = /^([A-Za-z_][A-Za-z0-9_]*)(?::-([^$]*))?$/.exec(inside) ?? [];
    if (!match.endsWith('}') || name === undefined) {
      problems.push(
        `"\${" begins a variable: write \${NAME} or \${NAME:-default}, or $\${ for a literal \${`,
      );
      return match;
    }
    const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
    expanded = true;
    if (fallback !== undefined) return value || fallback;
    if (value === undefined)
      problems.push(
        `the environment variable ${name.slice(0, 80)} is not set; set it, or write the value here`,
      );
    return value ?? match;
  });
  return { text: result, expanded, problems: [...new Set(problems)] };
}

/** The number or boolean that a text means where the schema wants one; undefined where it means none. */
export function asWanted(text: string, expected: string): number | boolean | undefined {
  if (expected === 'boolean') return text === 'true' ? true : text === 'false' ? false : undefined;
  if (expected !== 'number' && expected !== 'int') return undefined;
  return /^-?\d{1,15}(\.\d+)?$/.test(text) ? Number(text) : undefined;
}
