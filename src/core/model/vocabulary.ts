/** The closed vocabulary: each code has a row with this text in docs/DECISIONS.md. */

/** Why the name shall point to a server. */
export const pointToReasons = {
  'first-source':
    'Nothing was published yet, exactly one server is writable, and a majority of the servers is seen.',
  steady: 'The published source is the source.',
  commanded: 'An operator or a failover tool named this server.',
  'group-primary': 'A majority of the group agrees that this member is the primary.',
  'followers-moved': 'More than half of the other servers replicate from this one.',
  switchover:
    'The published source has stepped down (read-only, or replicating), and one server was promoted.',
  failover:
    'The published source is gone, no server replicates from it any more, and one server was promoted.',
  'ledger-restored':
    'The ledger vanished or went back; the source that it named is healthy and is published again.',
} as const;

/** Why the name stays as it is. */
export const holdReasons = {
  'ledger-unknown':
    'The ledger could not be read, or was written by a version that this one does not understand.',
  'foreign-ledger': 'The ledger at this name belongs to another cluster.',
  'foreign-rrset': 'The name exists, but has no ledger: somebody else keeps it. `adopt: true` takes it over.',
  'ledger-lost': 'The ledger vanished, or went back behind an epoch that was seen.',
  frozen: 'Someone froze the name: no instance moves it until it is thawed.',
  'unknown-source':
    'The ledger names a server that is not in this configuration, or that answers with another server UUID now; or a discovered server looks like the source.',
  'two-sources': 'Several servers could be the source.',
  'published-source-alive':
    'The published source lives, or other servers still replicate from it or count it in their cluster.',
  'minority-view': 'Too few servers are seen to tell a dead source from a broken network.',
  'unproven-candidate': 'A server is writable, but nothing shows that it was promoted.',
  'superseded-source': 'Only a former source is writable; it has not rejoined, so its data may be stale.',
  stranger: 'Only a server that does not belong to the replication line is writable.',
  settling: 'In a cluster of two the only evidence is weak: it must last for `settle`.',
  'no-candidate': 'No server could be the source.',
  'candidate-behind':
    'The candidate lacks transactions that another server has executed (`gtid_guard: hold`).',
  flapping: 'The name moved too often; it stays until someone thaws it or commands a move.',
  'unsafe-address':
    "The candidate's address must not be published: it cannot be resolved, it is no address of a server that clients reach (loopback, link-local, multicast and others), or its host name does not lead to this server alone.",
  'ledger-full': 'Eight former sources have not rejoined: the ledger has no room for a ninth.',
} as const;

/** What an operator should know although it stops nothing by itself. */
export const alarmCodes = {
  'stale-source': 'A former source is writable, or has transactions that the source lacks.',
  'fence-failed':
    'A former source takes writes and could not be made read-only, or the clients of a fenced one could not be ended.',
  'not-comparable':
    'A former source replicates from the source again, and nothing shows when it has caught up.',
  'two-sources': 'More than one server of the line is writable.',
  'candidate-behind':
    'The server that could become the source lacks transactions that another server has executed or received.',
  'promoted-behind':
    'The source was promoted, but it lacks transactions of the previous source that another server has.',
  'errant-transactions': 'A replica has transactions that the source lacks.',
  'failover-list':
    'By itself, a replica may choose a former source, or a server that is not configured, as its source.',
  'not-replicating':
    'A server gets nothing from the source: its channel is stopped or fails, it has no channel, or its channel leads to a server that does not follow the source.',
  'server-unknown': 'A server does not answer.',
  'server-refuses': 'A server lives, but refuses us.',
  'duplicate-uuid': 'Two servers have the same server UUID: one is a copied data folder.',
  'same-server': 'Two configured addresses lead to one server; only one of them counts.',
  'duplicate-server-id':
    'Two MariaDB servers have the same `server_id`: nothing tells which of them a replica follows.',
  'address-unproven': 'The host name of a server leads to an address at which that server was not found.',
  'not-configured': 'A server that was discovered is part of the replication, but not in the configuration.',
  'discovery-full': 'More servers were found than are asked.',
  'zone-drift': 'Somebody changed the name by hand; it does not say what the ledger says.',
  'ledger-full': 'Eight former sources have not rejoined: no move is possible until one of them has.',
  'config-differs': 'Another instance published this name in a form that this configuration would not.',
  'replicas-differ':
    "Another instance took over the replicas' RRset, and writes it differently than this one would.",
  'nameserver-unreadable': 'The nameserver could not be read.',
  'update-refused': 'The nameserver refused an update, or did not answer it.',
  'no-progress': 'The nameserver refuses updates again and again over a zone that reads the same each time.',
  'left-out':
    'The name moved without its side names: the nameserver refuses an update with the SRV RRset or the name of the replicas.',
  'write-altered':
    'The nameserver does not show what was written: it changes TTLs or RDATA, or drops an RRset.',
  wildcard: 'A wildcard of the zone answers at a name of ours that is not published.',
  'secondary-behind': 'A nameserver did not answer the new RRset in time.',
  'resolver-behind': 'A resolver still answers the old RRset although its TTL is over.',
} as const;

export type PointToReason = keyof typeof pointToReasons;
export type HoldReason = keyof typeof holdReasons;
export type AlarmCode = keyof typeof alarmCodes;

/** Every kind of update. */
export const writeKinds = [
  'move',
  'fence',
  'repair',
  'form',
  'rejoin',
  'opened',
  'freeze',
  'thaw',
  'replicas',
  'withdraw',
  'forget',
  'announce',
] as const;
export type WriteKind = (typeof writeKinds)[number];
