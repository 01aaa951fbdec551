/**
 * What answers in the place of a server, known by its words. A proxy whose server is dead still accepts connections and sends errors of its own; taken for the server's, they
 * would keep a dead source alive for ever.
 */

/** By the texts of their sources and manuals: MySQL Router, ProxySQL, MaxScale, RDS Proxy, Vitess, the gateway of Azure. */
const products: readonly (readonly [text: RegExp, product: string])[] = [
  [/remote MySQL server for client|to MySQL Router$/, 'MySQL Router'],
  // Before 2.0 it sent its own time limit as 1045.
  [/^ProxySQL Error|while reaching hostgroup /, 'ProxySQL'],
  [
    /^Internal error: Session creation failed|Lost connection to backend|router session|Authentication with backend failed|^Routing failed/,
    'MaxScale',
  ],
  [/waiting to acquire database connection|RDS Proxy/i, 'RDS Proxy'],
  [/^(?:vttablet|vtgate): |no healthy tablet|^target: \S+: /, 'Vitess'],
  [/^Client with IP address .* is not allowed to (?:connect|access)/, "the cloud provider's gateway"],
];

/** The product that said so, or `a proxy` where only the number tells; undefined: a server may have said it. */
export function proxyThatSaid(errno: number, text: string): string | undefined {
  const named = products.find(([pattern]) => pattern.test(text));
  if (named !== undefined) return named[1];
  return isNoServerError(errno) ? 'a proxy' : undefined;
}

/** Client libraries number their own errors from 2000 on, proxies theirs from 9000 on; no mysqld and no mariadbd sends either (manual B.3.2, B.3.3). */
const isNoServerError = (errno: number): boolean =>
  (errno >= 2000 && errno < 3000) || (errno >= 9000 && errno < 10_000);
