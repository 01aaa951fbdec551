/** The JSON Schema of the configuration file, and what it says about one path. */

import { stringify } from 'yaml';
import { z } from 'zod';
import type { ConfigPath } from './config-error.ts';
import { configSchema } from './schema.ts';

interface SchemaNode {
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: SchemaNode | boolean;
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
  readonly examples?: readonly unknown[];
}

/** For editors, and for `source-dns schema`. */
export const configJsonSchema = (): Record<string, unknown> => ({
  ...z.toJSONSchema(configSchema, {
    io: 'input',
    // zod drops the examples of transformed fields: they might show the output. Ours show the input.
    override: ({ zodSchema, jsonSchema }) => {
      const examples = z.globalRegistry.get(zodSchema)?.['examples'];
      if (Array.isArray(examples)) jsonSchema['examples'] = examples;
    },
  }),
});

function below(node: SchemaNode, step: string | number): readonly SchemaNode[] {
  const alternatives = [node, ...(node.anyOf ?? [])];
  return alternatives.flatMap((one) => {
    if (typeof step === 'number') return one.items === undefined ? [] : [one.items];
    const property = Object.hasOwn(one.properties ?? {}, step)
      ? one.properties?.[step]
      : one.additionalProperties;
    return typeof property === 'object' ? [property] : [];
  });
}

let builtSchema: SchemaNode | undefined;
/** Built once: it takes milliseconds, and each mistake needs it. */
function schemaNode(): SchemaNode {
  builtSchema ??= configJsonSchema() as SchemaNode;
  return builtSchema;
}

const nodesAt = (path: ConfigPath): readonly SchemaNode[] =>
  path.reduce<readonly SchemaNode[]>(
    (nodes, step) => nodes.flatMap((node) => below(node, step)),
    [schemaNode()],
  );

export const knownKeys = (path: ConfigPath): readonly string[] => [
  ...new Set(
    nodesAt(path).flatMap((node) =>
      [node, ...(node.anyOf ?? [])].flatMap((one) => Object.keys(one.properties ?? {})),
    ),
  ),
];

/** An example for the value at `path`, as one line of YAML; undefined where there is none. */
export const exampleAt = (path: ConfigPath): string | undefined => {
  const example = nodesAt(path).find((node) => node.examples !== undefined)?.examples?.[0];
  return example === undefined
    ? undefined
    : stringify(example, { collectionStyle: 'flow', lineWidth: 0 }).trimEnd();
};
