/**
 * Every metric: its name, type, meaning and labels. The code can add no other; docs/METRICS.md and the tests of
 * dashboard and alert rules read this table.
 */

export interface MetricShape {
  readonly type: 'gauge' | 'counter' | 'histogram';
  /** One sentence, for `# HELP` and docs/METRICS.md. */
  readonly help: string;
  readonly labels: readonly string[];
}

const ofPublication = ['cluster', 'nameserver'] as const;
const ofServer = ['cluster', 'server'] as const;

export const catalogue = {
  source_dns_build_info: {
    type: 'gauge',
    help: 'Always 1. The labels say which program this is.',
    labels: ['version', 'node', 'instance_name'],
  },
  source_dns_ready: {
    type: 'gauge',
    help: '1: every cluster was decided once, and its nameserver answers. As GET /readyz.',
    labels: [],
  },
  source_dns_config_reload_successful: {
    type: 'gauge',
    help: '1: the configuration was taken at the last start or SIGHUP. 0: it was refused, and the old one is in force.',
    labels: [],
  },
  source_dns_config_taken_timestamp_seconds: {
    type: 'gauge',
    help: 'When the configuration in force was taken, in seconds since 1970.',
    labels: [],
  },
  source_dns_watched: {
    type: 'gauge',
    help: '1: this instance watches the cluster. 0: it does not, or not yet. The other metrics have only watched clusters.',
    labels: ['cluster'],
  },
  source_dns_held: {
    type: 'gauge',
    help: '1: the name is held. 0: the decision points the name to a server.',
    labels: ofPublication,
  },
  source_dns_decision_info: {
    type: 'gauge',
    help: 'Always 1. The labels are the present decision: point-to or hold, and its reason (DECISIONS.md).',
    labels: [...ofPublication, 'decision', 'reason'],
  },
  source_dns_epoch: {
    type: 'gauge',
    help: 'The epoch of the ledger: it counts the moves of the name. Absent while no ledger is known.',
    labels: ofPublication,
  },
  source_dns_source_info: {
    type: 'gauge',
    help: 'Always 1. The label is the server that the name points to, by the ledger. Absent while none is known.',
    labels: [...ofPublication, 'server'],
  },
  source_dns_frozen: {
    type: 'gauge',
    help: '1: somebody froze the name, for every instance.',
    labels: ofPublication,
  },
  source_dns_publication_ready: {
    type: 'gauge',
    help: '1: it was decided once, and the nameserver answered the last question.',
    labels: ofPublication,
  },
  source_dns_update_failing: {
    type: 'gauge',
    help: '1: the last update of the zone failed, and none was applied since.',
    labels: ofPublication,
  },
  source_dns_updates_pending: {
    type: 'gauge',
    help: 'Updates without a sure answer: the nameserver may still apply them.',
    labels: ofPublication,
  },
  source_dns_nameservers_behind: {
    type: 'gauge',
    help: 'Authoritative nameservers that were asked and do not answer the last move yet.',
    labels: ofPublication,
  },
  source_dns_alarms: {
    type: 'gauge',
    help: 'Present alarms with this code (DECISIONS.md). Absent: none.',
    labels: ['cluster', 'code'],
  },
  source_dns_server_role: {
    type: 'gauge',
    help: 'Always 1. The label is what the server is: source, replica, superseded, stranger, writable, read-only, unknown.',
    labels: [...ofServer, 'role'],
  },
  source_dns_server_writable: {
    type: 'gauge',
    help: '1: it takes writes. 0: it refuses them. Absent: it does not answer.',
    labels: ofServer,
  },
  source_dns_server_answer_age_seconds: {
    type: 'gauge',
    help: 'How old the newest answer of the server is. Absent: it never answered.',
    labels: ofServer,
  },
  source_dns_server_lag_seconds: {
    type: 'gauge',
    help: 'How far its data are behind the source, by the worst hop. Absent: not known, or it is the source.',
    labels: ofServer,
  },
  source_dns_probe_duration_seconds: {
    type: 'histogram',
    help: 'Time of a probe from the order to its result, by result.',
    labels: ['result'],
  },
  source_dns_probe_lateness_seconds: {
    type: 'histogram',
    help: 'How much later than planned a cluster got its turn, and so began its probes.',
    labels: [],
  },
  source_dns_updates_total: {
    type: 'counter',
    help: 'Updates that were sent to a nameserver, by outcome and RCODE. Empty rcode: no answer, or not sent.',
    labels: ['nameserver', 'outcome', 'rcode'],
  },
  source_dns_writes_total: {
    type: 'counter',
    help: 'Updates that were applied, by kind. A repair mends a name that somebody changed by hand.',
    labels: ['kind'],
  },
  source_dns_moves_total: {
    type: 'counter',
    help: 'Moves of a name by this instance, by reason (DECISIONS.md).',
    labels: ['reason'],
  },
  source_dns_move_duration_seconds: {
    type: 'histogram',
    help: 'From the moment that the cause of a move was seen until the nameserver had applied the move.',
    labels: [],
  },
  source_dns_promotion_to_answer_seconds: {
    type: 'histogram',
    help: 'From the moment that the cause of a move was seen until the first authoritative nameserver answered it.',
    labels: [],
  },
  source_dns_propagation_seconds: {
    type: 'histogram',
    help: 'From the applied move until every authoritative nameserver answered it.',
    labels: [],
  },
  source_dns_alarms_raised_total: {
    type: 'counter',
    help: 'Alarms that were raised, by code: also those that were over before a scrape.',
    labels: ['code'],
  },
  source_dns_fences_total: {
    type: 'counter',
    help: 'Attempts to make a former source read-only, or to end clients that came back to it (finished), by result. Always 0 without fence in the configuration.',
    labels: ['result'],
  },
  source_dns_hook_calls_total: {
    type: 'counter',
    help: 'Calls of after_move and on_alarm hooks, by outcome.',
    labels: ['outcome'],
  },
  source_dns_open_connections: {
    type: 'gauge',
    help: 'Open TCP connections of the process: to MySQL servers and nameservers, and of HTTP clients.',
    labels: [],
  },
  source_dns_connections_waiting: {
    type: 'gauge',
    help: 'Connections to MySQL servers that wait for their turn to be opened.',
    labels: [],
  },
  source_dns_clusters_waiting: {
    type: 'gauge',
    help: 'Clusters of this instance that wait for their turn to be watched.',
    labels: [],
  },
  source_dns_overloaded: {
    type: 'gauge',
    help: '1: there is too much to do, and servers at rest are asked more rarely than configured. 0: as configured.',
    labels: [],
  },
  source_dns_event_loop_delay_seconds: {
    type: 'histogram',
    help: 'How late a timer of the process fired, measured four times a second.',
    labels: [],
  },
  source_dns_event_loop_busy_seconds_total: {
    type: 'counter',
    help: 'Time that the event loop was busy. A rate near 1 means that the process cannot keep up.',
    labels: [],
  },
  process_cpu_seconds_total: {
    type: 'counter',
    help: 'CPU time of the process, user and system.',
    labels: [],
  },
  process_resident_memory_bytes: {
    type: 'gauge',
    help: 'Resident memory of the process.',
    labels: [],
  },
  process_start_time_seconds: {
    type: 'gauge',
    help: 'When the process started, in seconds since 1970.',
    labels: [],
  },
} as const satisfies Readonly<Record<string, MetricShape>>;

export type MetricName = keyof typeof catalogue;

/** The metrics of one type. */
export type NameOf<Type extends MetricShape['type']> = {
  [Name in MetricName]: (typeof catalogue)[Name]['type'] extends Type ? Name : never;
}[MetricName];

/** The labels of one metric: none may be left out. */
export type LabelsOf<Name extends MetricName> = Readonly<
  Record<(typeof catalogue)[Name]['labels'][number], string>
>;
