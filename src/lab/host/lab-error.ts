/** An expected failure of the lab, e.g. a server that did not start. `hint` says what to do next. */

export class LabError extends Error {
  override readonly name = 'LabError';
  readonly hint: string;

  constructor(message: string, options: { hint: string; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.hint = options.hint;
  }
}
