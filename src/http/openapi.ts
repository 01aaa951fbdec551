/** The OpenAPI document of the routes that are there: a route cannot be missing, or promise another shape. */

import { z } from 'zod';
import { problemType } from './problem.ts';
import type { RouteDoc } from './route.ts';
import { apiShapes, type ShapeName } from './shapes/api-shapes.ts';

export interface KnownRoute {
  readonly method: string;
  /** As fastify writes it. */
  readonly url: string;
  readonly onlyLocal?: true;
  readonly doc?: RouteDoc;
}

export interface OpenApi {
  readonly openapi: '3.1.0';
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly [part: string]: unknown;
}

export function openApi(routes: readonly KnownRoute[]): OpenApi {
  const documented = routes.filter(({ method }) => method === 'GET' || method === 'POST');
  const urls = [...new Set(documented.map(({ url }) => url))];
  return {
    openapi: '3.1.0',
    info: {
      title: 'source-dns',
      version: '1',
      description: 'The API of the daemon (docs/API.md). Fields are added, never taken away.',
    },
    paths: Object.fromEntries(
      urls.map((url) => [
        pathOf(url),
        Object.fromEntries(
          documented
            .filter((one) => one.url === url)
            .map((one) => [one.method.toLowerCase(), operation(one)]),
        ),
      ]),
    ),
    components: {
      schemas: Object.fromEntries(Object.entries(apiShapes).map(([name, shape]) => [name, schemaOf(shape)])),
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'Over TCP, to change something' },
      },
    },
  };
}

/** `:c` as `{c}`. */
const pathOf = (url: string): string => url.replaceAll(/:(\w+)/g, '{$1}');

function operation({ method, url, onlyLocal, doc }: KnownRoute): Readonly<Record<string, unknown>> {
  const parameters = [
    ...[...url.matchAll(/:(\w+)/g)].map(([, name]) =>
      parameter('path', name ?? '', name === 'c' ? 'the name of the cluster' : ''),
    ),
    ...Object.entries(doc?.query ?? {}).map(([name, means]) => parameter('query', name, means)),
  ];
  const changes = method !== 'GET';
  return {
    summary: doc?.summary ?? '',
    ...(onlyLocal && { description: 'Only through the unix socket.' }),
    ...(parameters.length > 0 && { parameters }),
    ...(doc?.body && {
      requestBody: { content: { 'application/json': { schema: schemaOf(doc.body) } } },
    }),
    ...(changes && !onlyLocal && { security: [{ token: [] }, {}] }),
    responses: {
      200: { description: 'Done', content: contentOf(doc?.answer ?? { media: 'application/octet-stream' }) },
      default: {
        description: 'A problem, with a stable code',
        content: { [problemType]: reference('Problem') },
      },
    },
  };
}

const parameter = (where: 'path' | 'query', name: string, description: string) => ({
  name,
  in: where,
  description,
  ...(where === 'path' && { required: true }),
  schema: { type: 'string' },
});

const contentOf = (answer: RouteDoc['answer']) =>
  typeof answer === 'string'
    ? { 'application/json': reference(answer) }
    : { [answer.media]: { schema: { type: 'string' } } };

const reference = (name: ShapeName) => ({ schema: { $ref: `#/components/schemas/${name}` } });

/** Unknown fields are allowed in an answer: later versions add some. */
function schemaOf(shape: z.ZodType): Readonly<Record<string, unknown>> {
  const { $schema: _draft, ...schema } = z.toJSONSchema(shape, { io: 'input', unrepresentable: 'any' });
  return schema;
}
