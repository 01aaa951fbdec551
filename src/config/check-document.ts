/** Everything that can be said about a file with sound YAML: variables, schema, cross checks, named files. */

import { dirname } from 'node:path';
import type { Scalar } from 'yaml';
import { type ConfigError, type ConfigIssue, type ConfigPath, pathText } from './config-error.ts';
import { crossChecks } from './cross-checks.ts';
import {
  type ConfigDocument,
  eachScalarValue,
  type PlacedProblem,
  plainValue,
  positionOf,
  scalarAt,
} from './document.ts';
import { asWanted, expand, type Variables } from './environment.ts';
import { fenceIssues } from './fence-schema.ts';
import { httpIssues } from './http-schema.ts';
import { type FieldIssue, fieldIssues, sayIssue } from './issues.ts';
import { childrenOf, withValueAt } from './raw.ts';
import { type ConfigFile, configSchema } from './schema.ts';
import { accountSections, type NamedFiles, readNamedFiles, secretPaths } from './secret-files.ts';
import { shareIssues } from './share-schema.ts';

/** `config`: absent where the schema found a mistake; with it, other checks may still have found errors. */
interface CheckedDocument {
  readonly config?: ConfigFile;
  readonly files: NamedFiles['files'];
  readonly errors: readonly ConfigError[];
  readonly warnings: readonly string[];
  /** The file itself contains a password, not taken from the environment. */
  readonly literalPassword: boolean;
}

/** Without `secrets`, no named file is read, and a variable in a secret's place may be unset. */
export async function checkDocument(
  read: ConfigDocument,
  file: string,
  {
    env,
    hostName,
    secrets,
  }: { readonly env: Variables; readonly hostName: string; readonly secrets: boolean },
): Promise<CheckedDocument> {
  const plainBefore = secrets ? undefined : plainValue(read)?.value;
  const { expanded, unset, problems } = fillIn(read, env, secretScalars(read, plainBefore));
  const plain = plainValue(read);
  if (plain === undefined) {
    return {
      files: new Map(),
      errors: [{ file, line: 1, column: 1, message: 'has too many aliases; write the values out' }],
      warnings: [],
      literalPassword: false,
    };
  }
  // A hook whose URL is not known cannot be checked.
  const wanted = secrets ? plain.value : withValueAt(plain.value, ['hooks'], undefined);
  const { raw, issues, config } = validate(wanted, (path) => expanded.get(scalarAt(read, path)));
  const named = secrets ? await readNamedFiles(raw, dirname(file)) : noFiles;
  const reported = [
    ...issues,
    ...httpIssues(raw),
    ...crossChecks(raw),
    ...fenceIssues(raw),
    ...shareIssues(raw, hostName),
    ...named.issues,
  ]
    // The message about an unset variable is enough.
    .filter((issue) => !unset.has(scalarAt(read, issue.path)))
    .map((issue) => placed(read, file, issue));
  return {
    ...(config && { config }),
    files: named.files,
    errors: [...problems.map((problem) => ({ file, ...problem })), ...once(reported)],
    warnings: named.warnings,
    literalPassword: childrenOf(raw, ['clusters']).some(([name]) =>
      accountSections.some((section) => {
        const password = scalarAt(read, ['clusters', name, section, 'password']);
        return password !== undefined && !expanded.has(password);
      }),
    ),
  };
}

const noFiles: NamedFiles = { files: new Map(), issues: [], warnings: [] };

/** The scalars that hold a secret or name its file. */
const secretScalars = (read: ConfigDocument, raw: unknown): ReadonlySet<Scalar | undefined> =>
  new Set(secretPaths(raw).map((path) => scalarAt(read, path)));

interface FilledIn {
  /** The scalars that had a variable, with their new text. */
  readonly expanded: Map<Scalar | undefined, string>;
  readonly unset: Set<Scalar | undefined>;
  readonly problems: readonly PlacedProblem[];
}

/** Replaces `${NAME}` in scalar values after parsing, so no value can change the structure. */
function fillIn(read: ConfigDocument, env: Variables, leave: ReadonlySet<Scalar | undefined>): FilledIn {
  const expanded: FilledIn['expanded'] = new Map();
  const unset: FilledIn['unset'] = new Set();
  const problems: PlacedProblem[] = [];
  eachScalarValue(read, (scalar, position) => {
    if (typeof scalar.value !== 'string' || !scalar.value.includes('${') || leave.has(scalar)) return;
    const expansion = expand(scalar.value, env);
    problems.push(...expansion.problems.map((message) => ({ ...position, message })));
    if (expansion.problems.length > 0) unset.add(scalar);
    if (expansion.expanded) expanded.set(scalar, expansion.text);
    scalar.value = expansion.text;
  });
  return { expanded, unset, problems };
}

interface Validated {
  readonly raw: unknown;
  readonly issues: readonly FieldIssue[];
  readonly config: ConfigFile | undefined;
}

/** Text from a variable becomes a number or a boolean exactly where the schema wants one. */
function validate(plain: unknown, expandedAt: (path: ConfigPath) => string | undefined): Validated {
  const check = (raw: unknown): Validated => {
    const result = configSchema.safeParse(raw, { error: sayIssue });
    return { raw, issues: result.success ? [] : fieldIssues(result.error.issues), config: result.data };
  };
  const first = check(plain);
  let raw = plain;
  for (const issue of first.issues) {
    const text = issue.expected === undefined ? undefined : expandedAt(issue.path);
    const value = text === undefined ? undefined : asWanted(text, issue.expected ?? '');
    if (value !== undefined) raw = withValueAt(raw, issue.path, value);
  }
  return raw === plain ? first : check(raw);
}

/** The values of these fields are never shown. */
const secretFields = new Set(['password']);
const longestQuote = 60;

/** What the file has at `path`, in quotes, before variables are replaced. */
function quoted(read: ConfigDocument, path: ConfigPath): string {
  const source = secretFields.has(String(path.at(-1))) ? undefined : scalarAt(read, path)?.source;
  if (source === undefined) return 'the value';
  return JSON.stringify(source.length > longestQuote ? `${source.slice(0, longestQuote)}...` : source);
}

function placed(read: ConfigDocument, file: string, issue: ConfigIssue): ConfigError {
  const message = issue.message.includes('{value}')
    ? issue.message.replaceAll('{value}', () => quoted(read, issue.path))
    : issue.message;
  return { file, ...positionOf(read, issue.path, issue.atKey), path: pathText(issue.path), message };
}

/** Two checks may find the same mistake. */
const once = (errors: readonly ConfigError[]): readonly ConfigError[] => [
  ...new Map(errors.map((error) => [`${error.path} ${error.message}`, error])).values(),
];
