import { createHmac } from 'node:crypto';
import { documentWriter, type SinkRecord } from '../../src/contract/index.ts';
import type { HttpSettings } from './options.ts';

/** A record with its index in the batch and its JSON. */
export type Item = { readonly index: number; readonly record: SinkRecord; readonly json: string };

/** The same for each delivery of a record. */
function idOf({ place }: SinkRecord): string {
  return `${place.topic}/${place.partition}/${place.offset}`;
}

/** A record as it is sent: its `id`, its place, key and value. */
export function itemOf(record: SinkRecord, index: number): Item {
  const { place, keySchema, key, valueSchema, value, topic, timestamp } = record;
  const head = `{"id":${JSON.stringify(idOf(record))},"topic":${JSON.stringify(topic)},"partition":${place.partition},"offset":${place.offset}`;
  const json = `${head},"timestamp":${timestamp},"key":${documentWriter(keySchema)(key)},"value":${documentWriter(valueSchema)(value)}}`;
  return { index, record, json };
}

/** The items by request, in order: each as many as `recordsMax` and `bytesMax` allow. */
export function requestsOf(items: readonly Item[], { recordsMax, bytesMax }: HttpSettings): readonly (readonly Item[])[] {
  const requests: Item[][] = [];
  let bytes = 0;
  for (const item of items) {
    const size = Buffer.byteLength(item.json) + 1;
    const last = requests.at(-1);
    if (last === undefined || last.length >= recordsMax || bytes + size > bytesMax) {
      requests.push([item]);
      bytes = size + 1;
    } else {
      last.push(item);
      bytes += size;
    }
  }
  return requests;
}

export type Request = { readonly body: string; readonly headers: Readonly<Record<string, string>> };

/** The body and headers of a request. Its idempotency key is its only record's id, or its first's and its last's. */
export function requestOf(items: readonly Item[], settings: HttpSettings): Request {
  const json = items.map(item => item.json);
  const body = { array: `[${json.join(',')}]`, lines: `${json.join('\n')}\n`, single: json[0]! }[settings.format];
  const [first, last] = [idOf(items[0]!.record), idOf(items.at(-1)!.record)];
  const headers: Record<string, string> = {
    ...settings.headers,
    'Content-Type': settings.format === 'lines' ? 'application/x-ndjson' : 'application/json',
    [settings.idempotencyHeader]: encodeURI(items.length === 1 ? first : `${first}..${last}`),
  };
  if (settings.hmac) headers[settings.hmac.header] = `sha256=${createHmac('sha256', settings.hmac.secret).update(body).digest('hex')}`;
  return { body, headers };
}
