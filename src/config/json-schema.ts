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

/** The JSON Schema of what one writes into the file: for editors, and for `source-dns schema`. */
export const configJsonSchema = (): Record<string, unknown> => ({
  ...z.toJSONSchema(configSchema, {
    io: 'input',
    // zod drops the examples of all that is transformed, as they might be of the output; ours are of the input.
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
/** Built once: that takes milliseconds, and each mistake asks for it. */
function schemaNode(): SchemaNode {
  builtSchema ??= configJsonSchema() as SchemaNode;
  return builtSchema;
}

const nodesAt = (path: ConfigPath): readonly SchemaNode[] =>
  path.reduce<readonly SchemaNode[]>(
    (nodes, step) => nodes.flatMap((node) => below(node, step)),
    [schemaNode()],
  );

/** The keys that may stand in the section at `path`. */
export const knownKeys = (path: ConfigPath): readonly string[] => [
  ...new Set(
    nodesAt(path).flatMap((node) =>
      [node, ...(node.anyOf ?? [])].flatMap((one) => Object.keys(one.properties ?? {})),
    ),
  ),
];

/** How the value at `path` may be written, on one line of YAML, or undefined. */
export const exampleAt = (path: ConfigPath): string | undefined => {
  const example = nodesAt(path).find((node) => node.examples !== undefined)?.examples?.[0];
  return example === undefined
    ? undefined
    : stringify(example, { collectionStyle: 'flow', lineWidth: 0 }).trimEnd();
};
