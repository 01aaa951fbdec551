/**
 * Knows a proxy by its error texts. A proxy with a dead server still accepts connections and sends its own
 * errors: taken for the server's errors, they would keep a dead source alive for ever.
 */

/** From the sources and manuals of these products. */
const products: readonly (readonly [text: RegExp, product: string])[] = [
  [/remote MySQL server for client|to MySQL Router$/, 'MySQL Router'],
  // Before 2.0 ProxySQL sent its own time limit as 1045.
  [/^ProxySQL Error|while reaching hostgroup /, 'ProxySQL'],
  [
    /^Internal error: Session creation failed|Lost connection to backend|router session|Authentication with backend failed|^Routing failed/,
    'MaxScale',
  ],
  [/waiting to acquire database connection|RDS Proxy/i, 'RDS Proxy'],
  [/^(?:vttablet|vtgate): |no healthy tablet|^target: \S+: /, 'Vitess'],
  [/^Client with IP address .* is not allowed to (?:connect|access)/, "the cloud provider's gateway"],
];

/** `a proxy` where only the number shows it; undefined: a server may have sent the error. */
export function proxyThatSaid(errno: number, text: string): string | undefined {
  const named = products.find(([pattern]) => pattern.test(text));
  if (named !== undefined) return named[1];
  return isNoServerError(errno) ? 'a proxy' : undefined;
}

/** Numbers of client libraries and of proxies; no mysqld or mariadbd sends them (manual B.3.2, B.3.3). */
const isNoServerError = (errno: number): boolean =>
  (errno >= 2000 && errno < 3000) || (errno >= 9000 && errno < 10_000);
