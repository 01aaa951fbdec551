/** A Buffer that counts reads, so a test can bound work without a clock. */

export interface Counted {
  readonly buffer: Buffer;
  /** Bytes read by index, and method calls (as readUInt16BE, subarray). */
  steps(): number;
}

/** Behaves like the buffer, but buffers that are cut out of it do not count. */
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
