import { SluiceError } from '../../../contract/index.ts';
import type { PreparedAppend } from '../storage.ts';
import { formatStream } from '../stream-id.ts';

/** An escape that JSON knows and jsonb cannot hold: U+0000, and half of a surrogate pair (which JSON.stringify escapes only where it stands alone). */
const unstorable = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f][0-9a-f]{2})/i;

/** Whether jsonb can hold a text that JSON.stringify made. */
export function isJsonbText(text: string): boolean {
  return !unstorable.test(text);
}

/** Refuses what PostgreSQL cannot hold. Throws SluiceError EVENT_INVALID, before anything is stored. */
export function checkStorable(appends: readonly PreparedAppend[]): void {
  for (const { stream, events } of appends) {
    for (const { type, dataText, metadataText } of events) {
      const of = `An event of type ${type} for ${formatStream(stream)}`;
      if (!isJsonbText(dataText) || !isJsonbText(metadataText))
        throw new SluiceError('EVENT_INVALID', `${of} holds U+0000 or half of a surrogate pair, which PostgreSQL's jsonb cannot hold.`);
    }
  }
}
