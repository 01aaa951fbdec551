/** The steps of a login after the greeting, and when the password may be sent. */

import { broken, loginUnsupported, publicKeyRefused } from '../answer/answer-fault.ts';
import { maxLoginPackets, maxPublicKeyBytes } from '../answer/limits.ts';
import { loginSwitch, loginSwitchBytes, ok } from './server-packets.ts';

/** What the driver gets, and who speaks next: the server, we (`ours`), or nobody (`done`). */
export interface LoginStep {
  readonly give: Buffer;
  readonly next: 'login' | 'ours' | 'done';
}

/** Answers of caching_sha2_password: it knows our hash, or it wants the password itself. */
const fastLogin = 3;
const fullLogin = 4;
/** Our requests for the public key, with caching_sha2_password and with sha256_password. */
const keyRequests: readonly number[] = [2, 1];

/** One login. Its methods throw an AnswerFault. */
export class LoginSteps {
  readonly #allowPublicKeyRetrieval: boolean;
  /** Whether we asked for TLS: then nothing is sent before TLS is up. */
  encrypted = false;
  #plugin = 'caching_sha2_password';
  #count = 0;
  #switched = false;

  constructor(allowPublicKeyRetrieval: boolean) {
    this.#allowPublicKeyRetrieval = allowPublicKeyRetrieval;
  }

  afterOurWord(payload: Buffer): 'login' | 'public-key' {
    const [word] = payload;
    if (payload.length !== 1 || word === undefined || !keyRequests.includes(word)) return 'login';
    // `read` already holds this rule when the server asks; this is a second check.
    this.#checkPublicKey();
    return 'public-key';
  }

  read(payload: Buffer): LoginStep {
    this.#count += 1;
    if (this.#count > maxLoginPackets) throw broken('a login without end');
    const [kind, word] = payload;
    if (kind === 0) return { give: ok(payload), next: 'done' };
    if (kind === 0xfe) return this.#readSwitch(payload);
    if (kind === 2) throw loginUnsupported('asks for a second login factor');
    if (kind !== 1 || payload.length !== 2 || (word !== fastLogin && word !== fullLogin))
      throw broken('an unknown login step');
    if (word === fastLogin) return { give: payload, next: 'login' };
    this.#checkPublicKey();
    return { give: payload, next: 'ours' };
  }

  readPublicKey(payload: Buffer): LoginStep {
    const isKey =
      payload[0] === 1 &&
      payload.length <= maxPublicKeyBytes &&
      payload.subarray(1).toString('latin1').startsWith('-----BEGIN ');
    if (!isKey) throw broken('something else than the public key that we asked for');
    return { give: payload, next: 'ours' };
  }

  #readSwitch(payload: Buffer): LoginStep {
    // Each change gives the server one more hash of the password, over numbers of its choice.
    if (this.#switched) throw broken('a second change of the login method');
    this.#switched = true;
    const choice = loginSwitch(payload);
    this.#plugin = choice.plugin;
    if (choice.plugin === 'sha256_password') this.#checkPublicKey();
    return { give: loginSwitchBytes(choice), next: 'ours' };
  }

  #checkPublicKey(): void {
    if (!this.encrypted && !this.#allowPublicKeyRetrieval) throw publicKeyRefused(this.#plugin);
  }
}
