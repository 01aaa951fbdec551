/**
 * A password or key that must not reach a log, an error or a snapshot: however it is printed, it says `[secret]`.
 * The text is in a private field, so that neither a spread nor `structuredClone` takes it along.
 */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The text itself, for the one place that sends it. */
  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '[secret]';
  }
}
