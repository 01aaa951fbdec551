/** What people do when the faults are over, and what must be well some time later. */

import { newestOf } from '../../../src/core/gtid/gtid.ts';
import type { ServerAddress } from '../../../src/core/model/units.ts';
import type { Operator } from '../world/operator.ts';
import type { Chapter } from '../world/script.ts';
import { hostOf, ipOf, sourceName, srvName } from '../world/settings.ts';
import { ledgerIn } from '../world/sight.ts';
import type { Instances, World } from '../world/world-types.ts';

const calmWeather = { slow: 0, lost: 0, late: 0, twice: 0, forged: 0, waits: 0, crowdMs: 0 };

/**
 * The faults are over. The name is thawed. Where no rule would ever let the name move again, people say where
 * it points.
 */
export function calm(world: World, instances: Instances, operator: Operator, { leaves }: Chapter): void {
  const { timeline, judge, primary, members } = world;
  world.log(`${timeline.now} * calm`);
  world.weather = { ...world.weather, ...calmWeather };
  primary.start();
  world.network.mendAll();
  const ledger = ledgerIn(primary.rrsets());
  const published = members.find((address) => world.mysql.server(address).uuid === ledger?.uuid);
  const fit = members.filter((address) => couldMove(world, address));
  operator.settleOn(
    fit.includes(operator.source) ? operator.source : (published ?? fit[0] ?? operator.source),
    leaves,
  );
  const [first] = instances.values();
  for (const instance of instances.values()) {
    if (instance.machine.setClock() > 1000) judge.clockJumped(instance.name);
    instance.start();
  }
  timeline.after(4000, () => first?.command({ kind: 'thaw', by: 'dba' }));
  timeline.after(8000, () => {
    // A ledger that went back to an older epoch causes a hold until a person says what is right.
    if (couldMove(world, operator.source) && !judge.ledgerTouched) return;
    // An instance that lost its history believes the zone as it is. Only the other instances need a command.
    const asking = judge.ledgerTouched ? [...instances.values()] : [first];
    for (const instance of asking)
      instance?.command({ kind: 'follow', server: operator.source, force: true, dryRun: false, by: 'dba' });
  });
}

/**
 * Whether the rules let the name go to that server, or stay there, without a command: the server is of the
 * line, not superseded, and the source of the ledger still exists.
 */
function couldMove({ judge, primary, mysql, script }: World, address: ServerAddress): boolean {
  const ledger = ledgerIn(primary.rrsets());
  const { uuid, executed } = mysql.server(address);
  if (ledger === undefined || ledger.uuid === uuid) return true;
  const isLost = [...mysql.servers.values()].every((server) => server.uuid !== ledger.uuid);
  // A group brings its members back by itself, also its old primary; but a command of a person stays.
  const isLasting = !script.shape.group || ledger.why === 'commanded';
  const isSuperseded =
    isLasting && ledger.was.some((former) => former.uuid === uuid || former.address === address);
  // Without GTIDs there may be no mark, and a new process of the service cannot tell a server of the line
  // from a stranger.
  const hasMark = ledger.line
    ? (newestOf(mysql.named(executed), ledger.line.uuid) ?? 0) >= ledger.line.gno
    : script.shape.gtidMode === 'ON';
  return !isLost && !isSuperseded && hasMark && !judge.strangers.has(uuid);
}

/** L1: what is still not well, although all has been calm for long. */
export function unsettled(
  { primary, judge, script }: World,
  instances: Instances,
  { source, left }: Operator,
): readonly string[] {
  const ledger = ledgerIn(primary.rrsets());
  const lasting = ledger?.was.filter(({ address }) => address !== left) ?? [];
  const { alias } = script.shape;
  const shown = primary.find(sourceName, alias ? 'CNAME' : 'A')?.rdata.join();
  const said = [...instances.keys()].map((name) => judge.decisions.get(name));
  return [
    ...(ledger?.source === source && shown === (alias ? hostOf(source) : ipOf(source))
      ? []
      : [`L1 the name says ${shown}, the ledger ${ledger?.source}, the source is ${source}`]),
    ...(primary.find(srvName, 'SRV') || script.shape.zone === 'no-right-to-replicas'
      ? []
      : ['L1 the name has no SRV']),
    ...(said.every((one) => one?.reason === 'steady' && one.source === source)
      ? []
      : [`L1 not steady: ${said.map((one) => one?.reason).join(', ')}`]),
    ...(lasting.length > 0 ? [`L1 ${lasting.map((former) => former.address).join()} never rejoined`] : []),
  ];
}
