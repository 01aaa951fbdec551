/** New TSIG keys (RFC 8945), as `tsig-keygen` makes and prints them. */

import { randomBytes } from 'node:crypto';

/** RFC 8945 section 8: a secret should be as long as the digest. */
const secretBytes = 32;

/** A new secret for hmac-sha256, in Base64. */
export const newKeySecret = (): string => randomBytes(secretBytes).toString('base64');

/** The `key` statement of BIND. The name must not need an escape: letters, digits, `-`, `_` and dots. */
export const keyStatement = (name: string, algorithm: string, secret: string): string =>
  `key "${name}" {\n\talgorithm ${algorithm};\n\tsecret "${secret}";\n};\n`;
