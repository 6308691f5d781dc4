import { SluiceError } from '../../src/contract/index.ts';

/**
 * Does work for all items, and where one of them is refused (RECORD_REFUSED) finds it by halves: what it returns are the refused ones with
 * their errors; all others are done. `work` must leave nothing behind when it rejects.
 */
export async function bisect<Item>(
  items: readonly Item[],
  work: (items: readonly Item[]) => Promise<void>,
): Promise<readonly { readonly item: Item; readonly error: SluiceError }[]> {
  if (items.length === 0) return [];
  try {
    await work(items);
    return [];
  } catch (error) {
    if (!(error instanceof SluiceError) || error.retry !== 'record') throw error;
    if (items.length === 1) return [{ item: items[0]!, error }];
    const middle = items.length >> 1;
    return [...(await bisect(items.slice(0, middle), work)), ...(await bisect(items.slice(middle), work))];
  }
}
