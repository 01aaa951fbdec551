/** A Buffer that counts what is done with it, so that work can be bounded without a clock. */

export interface Counted {
  readonly buffer: Buffer;
  /** Bytes read by index, and calls of methods (as readUInt16BE, subarray). */
  steps(): number;
}

/** Behaves as the buffer; only the buffers that are cut out of it do not count. */
export function counted(bytes: Buffer): Counted {
  let steps = 0;
  const buffer = new Proxy(bytes, {
    get: (target, property) => {
      const value: unknown = Reflect.get(target, property, target);
      steps++;
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return { buffer, steps: () => steps };
}
