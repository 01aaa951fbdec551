/** Milliseconds of the kernel's monotonic clock: the same in every thread and process of this machine. */
export const monotonicMs = (): number => Number(process.hrtime.bigint()) / 1e6;
