/** One mistake in the configuration. Never holds a secret: what was found is quoted as the file has it, before `${NAME}` is replaced. */
export interface ConfigError {
  readonly file: string;
  /** From 1; absent where it is about no place in the file, e.g. when there is none. */
  readonly line?: number;
  readonly column?: number;
  /** e.g. `clusters.shop.servers[2].host`; absent for the whole file and for YAML syntax. */
  readonly path?: string;
  /** What is wrong, and what to write instead. */
  readonly message: string;
}

/** `file:line:column: path: what is wrong`: the form that editors and terminals make a link of. */
export function formatConfigError(error: ConfigError): string {
  const place = error.line === undefined ? error.file : `${error.file}:${error.line}:${error.column ?? 1}`;
  return error.path === undefined || error.path === ''
    ? `${place}: ${error.message}`
    : `${place}: ${error.path}: ${error.message}`;
}

/** Where in the configuration: keys and list indices from the root. */
export type ConfigPath = readonly (string | number)[];

/** A mistake before its place in the file is known. `{value}` in the message stands for what the file has there. */
export interface ConfigIssue {
  readonly path: ConfigPath;
  readonly message: string;
  /** Point at the key instead of its value: an unknown key. */
  readonly atKey?: boolean;
}

/** `clusters.shop.servers[2].host`; a key with a dot in it is quoted. */
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
