/** Many names at few at a time: a nameserver has a limit for connections and for updates. */

/** BIND's update-quota is 100, its tcp-clients 150. */
const atOnce = 16;

/** As Promise.all with a map, in the order of the items, with at most 16 at a time. */
export async function inTurns<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < items.length; index = next++) {
      const item = items[index] as Item;
      results[index] = await work(item);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  return results;
}
