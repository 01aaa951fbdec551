/** The OpenAPI document, held against the routes, their answers and docs/API.md. */

import { expect, test } from 'vitest';
import { apiPlugins } from '../../../src/cli/api-plugins.ts';
import type { ClusterApi } from '../../../src/http/cluster-api.ts';
import type { OpenApi } from '../../../src/http/openapi.ts';
import { apiShapes, type ShapeName } from '../../../src/http/shapes/api-shapes.ts';
import { textOfFile } from '../../support/checkout.ts';
import { ask, fakeDaemon, startTcpApi } from '../../support/tcp-api.ts';

const daemon: NonNullable<ClusterApi['daemon']> = () => ({
  running: true,
  instance: 'watcher-1',
  version: '0.1.0',
  pid: 7,
  since: '2026-11-22T11:30:00.123Z',
  warnings: [],
});

async function start() {
  const { socketPath } = await startTcpApi(undefined, fakeDaemon({ daemon }).api, apiPlugins);
  const { body } = await ask(socketPath, 'GET /v1/openapi.json');
  return { socketPath, api: JSON.parse(body) as OpenApi };
}

interface Operation {
  readonly responses: Readonly<
    Record<string, { readonly content: Readonly<Record<string, { schema: object }>> }>
  >;
  readonly summary: string;
}

const operations = (api: OpenApi) =>
  Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      operation: operation as Operation,
    })),
  );

const bodies: Readonly<Record<string, object>> = {
  '/v1/clusters/{c}/follow': { server: 'db2' },
  '/v1/clusters/{c}/freeze': { reason: 'why' },
  '/v1/clusters/{c}/forget': { server: 'db1' },
  '/v1/hook': {
    tool: 'orchestrator',
    act: 'status',
    names: ['shop'],
    former: [],
    successor: [{ host: 'db2', port: 3306 }],
    by: 'orchestrator@orc1',
  },
};

test('every route is there, and answers what the document says', async () => {
  const { socketPath, api } = await start();
  for (const { method, path, operation } of operations(api)) {
    const content = operation.responses['200']?.content ?? {};
    const schema = content['application/json']?.schema as { $ref?: string } | undefined;
    // A stream has no end, and the files of the page have names of their own.
    if (path === '/v1/events' || path.startsWith('/assets/')) continue;
    const body = method === 'POST' ? JSON.stringify(bodies[path] ?? {}) : undefined;
    const answer = await ask(socketPath, `${method} ${path.replace('{c}', 'shop')}`, {}, body);
    const about = `${method} ${path}`;
    expect(answer.status, `${about}: ${answer.body}`).toBe(path === '/v1/hook' ? 404 : 200);
    if (schema === undefined) continue;
    const name = schema.$ref?.split('/').at(-1) as ShapeName;
    const shape = answer.status === 200 ? apiShapes[name] : apiShapes.Problem;
    // A shape drops fields that it does not know: then the result differs.
    const value: unknown = JSON.parse(answer.body);
    expect(shape.parse(value), about).toEqual(value);
  }
});

test('every problem has the shape', async () => {
  const { socketPath } = await start();
  for (const line of ['GET /v2', 'GET /v1/clusters/shp', 'PUT /healthz', 'POST /v1/clusters/shop/freeze']) {
    const value: unknown = JSON.parse((await ask(socketPath, line)).body);
    expect(apiShapes.Problem.parse(value), line).toEqual(value);
  }
});

test('every route has a summary and a row in docs/API.md, and every row has a route', async () => {
  const { api } = await start();
  const all = operations(api);
  expect(all.filter(({ operation }) => operation.summary === '').map(({ path }) => path)).toEqual([]);
  const rows = [...textOfFile('docs/API.md').matchAll(/^\| `(GET|POST) ([^`?]+)(?:\?[^`]*)?` \|/gm)];
  expect(rows.map(([, method, path]) => `${method} ${path}`).toSorted()).toEqual(
    all.map(({ method, path }) => `${method} ${path}`).toSorted(),
  );
});

test('every reference leads somewhere', async () => {
  const { api } = await start();
  const text = JSON.stringify(api);
  const { schemas } = api['components'] as { readonly schemas: object };
  const names = [...text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name);
  expect(names.length).toBeGreaterThan(5);
  expect(names.filter((name) => !Object.hasOwn(schemas, name ?? ''))).toEqual([]);
  expect(text).not.toContain('#/$defs');
});
