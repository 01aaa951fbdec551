/** A mistake in the configuration: where it is, and what to write instead. */

/** Never holds a secret: it quotes the file as it is before `${NAME}` is replaced. */
export interface ConfigError {
  readonly file: string;
  /** From 1; absent where the mistake has no place, for example when the file is missing. */
  readonly line?: number;
  readonly column?: number;
  /** `clusters.shop.servers[2].host`; absent for the whole file and for YAML syntax. */
  readonly path?: string;
  /** What is wrong, and what to write instead. */
  readonly message: string;
}

/** `file:line:column: path: what is wrong`: editors and terminals turn this form into a link. */
export function formatConfigError(error: ConfigError): string {
  const place = error.line === undefined ? error.file : `${error.file}:${error.line}:${error.column ?? 1}`;
  return error.path === undefined || error.path === ''
    ? `${place}: ${error.message}`
    : `${place}: ${error.path}: ${error.message}`;
}

/** Keys and list indices from the root. */
export type ConfigPath = readonly (string | number)[];

/** A mistake before its place in the file is known. `{value}` stands for the text of the file there. */
export interface ConfigIssue {
  readonly path: ConfigPath;
  readonly message: string;
  /** Point at the key, not at its value. */
  readonly atKey?: boolean;
}

/** `clusters.shop.servers[2].host`; a key that contains a dot is quoted. */
export function pathText(path: ConfigPath): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (!/^[\w-]{1,63}$/.test(step))
      text += `[${JSON.stringify(step.length > 60 ? `${step.slice(0, 60)}…` : step)}]`;
    else text += text === '' ? step : `.${step}`;
  }
  return text;
}
