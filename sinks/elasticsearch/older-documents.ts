import type { Client } from '@elastic/elasticsearch';
import { SluiceError } from '../../src/contract/index.ts';
import type { BulkWriter } from './bulk-writer.ts';
import type { Truncation } from './operation.ts';
import { targetError } from './target-error.ts';

/** Documents of one page, which are deleted by one bulk request or more. */
const pageSize = 5_000;
/** How long the server keeps what was found open: longer than a page's deletes take. */
const keptOpen = '10m';

type Hit = { readonly _index: string; readonly _id: string };
type Page = { readonly _scroll_id?: string; readonly hits: { readonly hits: readonly Hit[] } };

/**
 * Deletes every document of a target at the version of a truncation: one that is newer has a higher version and stays (a conflict), whenever it
 * was written. Deleting again, as a redelivery does, changes nothing. Throws TARGET_UNAVAILABLE, TARGET_REFUSED.
 */
export async function deleteOlder(client: Client, bulk: BulkWriter, { target, record }: Truncation, signal: AbortSignal): Promise<void> {
  const index = `/${encodeURIComponent(target)}`;
  const filter_path = '_scroll_id,hits.hits._index,hits.hits._id';
  const found = { filter_path, scroll: keptOpen, allow_partial_search_results: 'false' };
  let scroll: string | undefined;
  const ask = (method: string, path: string, body: object, querystring: Readonly<Record<string, string>> = {}) =>
    client.transport.request<Partial<Page>>({ method, path, body, querystring }, { signal, ignore: [404] });
  try {
    // What was written a moment ago is found by a search after a refresh only.
    await client.transport.request({ method: 'POST', path: `${index}/_refresh` }, { signal, ignore: [404] });
    let page = await ask('POST', `${index}/_search`, { size: pageSize, sort: ['_doc'], _source: false }, found);
    scroll = page._scroll_id;
    // There is no such index.
    if (scroll === undefined) return;
    for (let hits = page.hits?.hits ?? []; hits.length > 0; hits = page.hits?.hits ?? []) {
      const items = hits.map(({ _index, _id }) => ({
        lines: `${JSON.stringify({ delete: { _index, _id } }).slice(0, -2)},"version":${record.version},"version_type":"external"}}\n`,
        versioned: true,
      }));
      const refused = (await bulk.write(items, signal)).find(cause => cause !== null);
      if (refused) throw new SluiceError('TARGET_REFUSED', `Elasticsearch refuses to delete documents of ${target}: ${refused.type}.`);
      page = await ask('POST', '/_search/scroll', { scroll: keptOpen, scroll_id: scroll }, { filter_path });
      if (page._scroll_id === undefined)
        throw new SluiceError('TARGET_UNAVAILABLE', `The search for the documents of ${target} was lost; it begins anew.`);
      scroll = page._scroll_id;
    }
  } catch (error) {
    throw targetError(error, `Deleting the documents of ${target}, whose table was truncated,`, true);
  } finally {
    // It would be closed by itself, later.
    if (scroll !== undefined) await ask('DELETE', '/_search/scroll', { scroll_id: scroll }).catch(() => undefined);
  }
}
