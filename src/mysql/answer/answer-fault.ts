/** Why we closed a connection: the server broke the protocol or a bound, or wants a login that we refuse. */

/** Stays within src/mysql: `classify` turns it into a problem. The message follows the server's address. */
export class AnswerFault extends Error {
  /** Whether the fault proves that a MySQL server is there and alive. */
  readonly alive: boolean;
  readonly code: 'protocol-broken' | 'answer-too-large' | 'login-unsupported' | 'public-key-refused';
  readonly hint: string | undefined;

  constructor(
    code: AnswerFault['code'],
    message: string,
    { alive, hint }: { readonly alive: boolean; readonly hint?: string },
  ) {
    super(message);
    this.code = code;
    this.alive = alive;
    this.hint = hint;
  }
}

/** The sender is not, or not only, a MySQL server: the fault tells nothing about the server. */
export const broken = (what: string): AnswerFault =>
  new AnswerFault('protocol-broken', `sent something that no MySQL server sends: ${what}`, {
    alive: false,
    hint: 'Check that a MySQL server listens at this address and port, without a proxy in between. If so, report a bug with the server version and this message.',
  });

/** A server that let us log in and keeps to the protocol is alive, however much it sends. */
export const tooLarge = (what: string, alive: boolean): AnswerFault =>
  new AnswerFault('answer-too-large', `sent more data than a probe accepts: ${what}`, {
    alive,
    hint: 'A GTID set with very many gaps makes a large answer. Check on the server: SELECT LENGTH(@@GLOBAL.gtid_executed); and SELECT LENGTH(RECEIVED_TRANSACTION_SET) FROM performance_schema.replication_connection_status; If they are small, the answer does not come from the server itself.',
  });

/** The server wants a login that we do not know, or do not give. */
export const loginUnsupported = (what: string): AnswerFault =>
  new AnswerFault('login-unsupported', what, { alive: true });

/** The server wants the password, encrypted with a key that nobody has checked. */
export const publicKeyRefused = (plugin: string): AnswerFault =>
  new AnswerFault(
    'public-key-refused',
    `asks for the password without TLS, encrypted with a public key that the server itself sends (${plugin}); an attacker in between could send another key`,
    {
      alive: true,
      hint: 'Turn TLS on at the server (MySQL creates a certificate at its first start), and set tls: preferred, required or verify. Set mysql.allow_public_key_retrieval: true only where no attacker can be in between.',
    },
  );
