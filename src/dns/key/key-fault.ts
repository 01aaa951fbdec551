/** What is wrong with a key file's text. It names the line, never what stands there: that may be the secret. */

export const keygenHint =
  "Make one with: tsig-keygen -a hmac-sha256 source-dns-key. It must be the same as in the nameserver's configuration.";

/** What a key file should hold. */
export const wantedForm = 'key "NAME" { algorithm hmac-sha256; secret "BASE64"; };';

export const syntaxHint = `Wanted is, as in the nameserver's configuration: ${wantedForm}`;

/** Thrown and caught inside the readers of key files, where the text cannot be read on. */
export class KeyFault extends Error {
  readonly code: 'key-invalid' | 'key-not-found';
  readonly hint: string;
  constructor(code: KeyFault['code'], message: string, hint: string) {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}

/** `key-invalid` in that line, counted from 1. */
export const invalid = (line: number, fault: string, hint = syntaxHint): KeyFault =>
  new KeyFault('key-invalid', `line ${line}: ${fault}`, hint);
