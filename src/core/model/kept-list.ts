/** The earlier list, if the new one says the same: what did not change stays the same object. */
export const keptList = (
  before: readonly string[] | undefined,
  list: readonly string[],
): readonly string[] =>
  before?.length === list.length && before.every((entry, index) => entry === list[index]) ? before : list;
