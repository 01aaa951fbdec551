/** How an instance fences simulated servers: the real act, over the simulated network. */

import type { FenceResult } from '../../../src/core/model/fence.ts';
import type { MonoMs, ServerAddress } from '../../../src/core/model/units.ts';
import type { Opened } from '../../../src/mysql/connection/opening.ts';
import type { FenceRequest, ServerFencer } from '../../../src/ports.ts';
import type { Build } from '../mutants/build.ts';
import { sparedAccount, watcherAccount } from './connections.ts';
import { FencingSession } from './fencing-session.ts';
import type { Life } from './machine.ts';
import type { Host } from './network.ts';
import { ipOf } from './settings.ts';
import type { World } from './world-types.ts';

type Acting = Pick<Build, 'FenceAct' | 'fenceSetOf' | 'readTraits'>;

export function createFencer(world: World, host: Host, life: Life, build: Acting): ServerFencer {
  const { timeline, resolver, members } = world;

  /** The server where a connection leads. */
  function targetOf(server: ServerAddress): ServerAddress | undefined {
    const [first] = resolver.get(server) ?? [ipOf(server)];
    return members.find((member) => ipOf(member) === first);
  }

  async function act(session: FencingSession, request: FenceRequest): Promise<FenceResult> {
    const { server, uuid, finishes, deadline } = request;
    const { version } = world.mysql.server(server);
    const login = await session.open();
    if (login.kind === 'error')
      return { kind: 'unknown', failure: { code: 'not-open', message: `${server}: no connection` } };
    const traits = build.readTraits([{ Variable_name: 'version', Value: version }]);
    const opened = { session, traits, asker: { server, user: 'fence', encrypted: true } };
    const set = build.fenceSetOf(traits);
    if (typeof set === 'string') throw new Error(set);
    const spare = ['fence', watcherAccount, sparedAccount];
    const order = { server, uuid, finishes, deadline, clock: life.clock, kill: 'clients', spare } as const;
    return new build.FenceAct(opened as unknown as Opened, set, order).run();
  }

  return {
    fence: (request) =>
      new Promise((resolve) => {
        const { server, uuid, deadline } = request;
        const leftMs = deadlineIn(life, deadline);
        const asked = { by: host, server, uuid, dueAt: timeline.now + leftMs };
        const target = targetOf(server);
        const session = target && new FencingSession({ world, life, asked, target });
        life.clock.after(leftMs, () => {
          session?.abandon();
          resolve({ kind: 'unknown', failure: { code: 'deadline', message: `${server}: too late` } });
        });
        if (session) void act(session, request).then(resolve);
      }),
  };
}

const deadlineIn = ({ clock }: Life, deadline: MonoMs): number => Math.max(0, deadline - clock.mono());
