/** A false source and its false replicas, which describe each other as real servers do. */

import type { ServerAddress } from '../../src/core/model/units.ts';
import { type FalseMysqld, type Reply, type Script, startFalseMysqld } from './false-mysqld.ts';
import { healthyReply } from './healthy.ts';

export interface FalseMember {
  readonly uuid: string;
  readonly mysqld: FalseMysqld;
  readonly address: ServerAddress;
  readonly ip: string;
}

/** `ips`: one loopback address for each member; the first is the source. */
export class FalseCluster {
  readonly members: FalseMember[] = [];
  #source: FalseMember | undefined;
  #gtids: string | undefined;

  static async start(ips: readonly string[]): Promise<FalseCluster> {
    const cluster = new FalseCluster();
    for (const ip of ips) {
      const uuid = `4b2c5541-e681-11f1-9635-${ip
        .split('.')
        .map((part) => Number(part).toString(16).padStart(3, '0'))
        .join('')}`;
      const mysqld = await startFalseMysqld({ reply: () => undefined }, ip);
      const member = { uuid, mysqld, address: mysqld.address, ip };
      cluster.members.push(member);
      mysqld.play(cluster.script(member));
    }
    cluster.promote(0);
    return cluster;
  }

  /** What all members have executed. */
  executed(gtids: string): void {
    this.#gtids = gtids;
    this.#replies.clear();
  }

  /** An honest member. */
  script(member: FalseMember): Script {
    return { reply: (sql) => this.#reply(member, sql) };
  }

  /** This member is writable now, and the others replicate from it. */
  promote(index: number): void {
    this.#source = this.members[index];
    this.#replies.clear();
  }

  close(): Promise<unknown> {
    return Promise.all(this.members.map(({ mysqld }) => mysqld.close()));
  }

  readonly #replies = new Map<FalseMember, (sql: string) => Reply>();

  #reply(member: FalseMember, sql: string): Reply {
    const made = this.#replies.get(member) ?? this.#role(member);
    this.#replies.set(member, made);
    return made(sql);
  }

  #role(member: FalseMember): (sql: string) => Reply {
    const source = this.#source;
    const gtids = this.#gtids ?? `${this.members[0]?.uuid}:1-20`;
    const own = { server_uuid: member.uuid, gtid_executed: gtids };
    if (source === undefined || source === member) return healthyReply('source', own);
    const [host = '', port = ''] = source.address.split(':');
    return healthyReply('replica-on', {
      ...own,
      retrieved: gtids,
      source_host: host,
      source_port: port,
      source_uuid: source.uuid,
    });
  }
}
