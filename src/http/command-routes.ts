/** The routes that change something, in one table. */

import type { z } from 'zod';
import type { Answer, Command } from '../core/model/events.ts';
import type { ServerAddress } from '../core/model/units.ts';
import { findServer } from '../daemon/find-server.ts';
import type { Claim } from '../hook/claim.ts';
import { followBody, forgetBody, freezeBody, hookBody, thawBody } from './body.ts';
import { type ClusterApi, giveTo } from './cluster-api.ts';
import { doorOf } from './doors.ts';
import { obeyHook } from './obey-hook.ts';
import { createOnce, type Once } from './once.ts';
import { withPatience } from './patience.ts';
import { answerProblem, problem } from './problem.ts';
import { type Call, document, failed, type Reply, type Route, route } from './route.ts';
import { serverOf } from './routes.ts';

/** They share the ids of requests. */
export function commandRoutes(once: Once = createOnce()): readonly Route[] {
  return [
    route({
      method: 'POST',
      url: '/v1/clusters/:c/follow',
      doc: { summary: 'Publish this server now; the same id twice moves once', answer: 'Answer' },
      body: followBody,
      answer: (call) => follow(call, once),
    }),
    route({
      method: 'POST',
      url: '/v1/clusters/:c/freeze',
      doc: { summary: 'No automatic move, by any instance', answer: 'Answer' },
      body: freezeBody,
      answer: (call) =>
        give(call, {
          kind: 'freeze',
          reason: call.body.reason,
          ...dryRunOf(call.body),
          by: call.body.by ?? unnamed,
        }),
    }),
    route({
      method: 'POST',
      url: '/v1/clusters/:c/thaw',
      doc: { summary: 'Automatic moves again', answer: 'Answer' },
      body: thawBody,
      answer: (call) => give(call, { kind: 'thaw', ...dryRunOf(call.body), by: call.body.by ?? unnamed }),
    }),
    route({
      method: 'POST',
      url: '/v1/clusters/:c/forget',
      doc: { summary: 'A server that will not come back', answer: 'Answer' },
      body: forgetBody,
      answer: forget,
    }),
    // The tools and the daemon are on one host.
    route({
      method: 'POST',
      url: '/v1/hook',
      doc: { summary: 'What a failover tool says', answer: 'HookAnswer' },
      body: hookBody,
      onlyLocal: true,
      answer: (call) => hook(call, once),
    }),
  ];
}

/** A dry run answers with the plan, and sends nothing. */
const dryRunOf = ({
  dryRun = false,
}: {
  readonly dryRun?: boolean | undefined;
}): { readonly dryRun?: true } => (dryRun ? { dryRun } : {});

/** Who gives the command, if the request does not say. */
const unnamed = 'api';

async function follow(call: Call<z.output<typeof followBody>>, once: Once): Promise<Reply> {
  const { api, cluster, body } = call;
  const { server: text, force = false, althoughReadOnly = false, dryRun = false } = body;
  const { reason, id, by = unnamed } = body;
  if (althoughReadOnly && !force)
    return failed(problem('bad-request', 'althoughReadOnly needs force: alone it does nothing'));
  if (force && doorOf(call.request.raw).rules() !== undefined)
    return failed(
      problem(
        'only-local',
        'force is refused over TCP',
        'run "source-dns follow --force" on the host of the daemon',
      ),
    );
  const found = serverOf(api, cluster, text);
  if (found.kind === 'not-found') return failed(problem('unknown-server', found.sentence));
  const command: Command = {
    kind: 'follow',
    server: found.server,
    force,
    ...(althoughReadOnly ? { althoughReadOnly } : {}),
    dryRun,
    ...(reason === undefined ? {} : { reason }),
    by,
  };
  const work = () => obey(call, command);
  // A dry run changes nothing, so it may be repeated.
  if (id === undefined || dryRun) return answered(await work());
  const result = once.run(`${cluster}/${id}`, JSON.stringify([found.server, force, althoughReadOnly]), work);
  if (result.kind === 'reused')
    return failed(problem('id-reused', `the id "${id}" was used before, for another request`));
  return answered(await result.promise);
}

/** A former source may have left the configuration long ago; the ledger still names it. */
function formerOf(api: ClusterApi, cluster: string, text: string) {
  const snapshot = api.snapshot(cluster);
  const former =
    snapshot?.publications
      .flatMap(({ ledger }) => ledger?.was ?? [])
      .map((entry) => entry.slice(entry.lastIndexOf('@') + 1)) ?? [];
  const known = [...(snapshot?.servers.map(({ server }) => server) ?? []), ...(former as ServerAddress[])];
  return findServer(text, [...new Set(known)]);
}

function forget(call: Call<z.output<typeof forgetBody>>): Reply | Promise<Reply> {
  const found = formerOf(call.api, call.cluster, call.body.server);
  if (found.kind === 'not-found') return failed(problem('unknown-server', found.sentence));
  return give(call, { kind: 'forget', server: found.server, by: call.body.by ?? unnamed });
}

async function hook({ api, request, body }: Call<z.output<typeof hookBody>>, once: Once): Promise<Reply> {
  const obeyed = await obeyHook(body as Claim, {
    api,
    once,
    patient: (command) => withPatience(command, request.raw),
  });
  return obeyed.kind === 'problem' ? failed(obeyed.problem) : document(obeyed.answer);
}

const obey = ({ api, cluster, request }: Call<unknown>, command: Command): Promise<Answer> =>
  giveTo(api, cluster, withPatience(command, request.raw));

const give = async (call: Call<unknown>, command: Command): Promise<Reply> =>
  answered(await obey(call, command));

function answered(answer: Answer): Reply {
  const what = answerProblem(answer);
  return what === undefined ? document(answer) : failed(what);
}
