import type { SourceSignal } from '../../src/contract/index.ts';
import { bsonType, eachElement } from './bson/elements.ts';
import { shownValue } from './shown-id.ts';

/** `_id`, type and data. */
const fieldCount = 3;

/**
 * The signal that a document is; null: it is none. Type and data are told by their places and not by their names
 * (MongoDbConnectorConfig.parseSignallingMessage); data may be a document, or JSON as a text.
 */
export function readSignalDocument(document: Buffer): SourceSignal | null {
  const found: { readonly name: string; readonly type: number; readonly text: string }[] = [];
  eachElement(document, 0, (name, type, at, end) => void found.push({ name, type, text: shownValue(document, { type, at, end }) }));
  const id = found.find(({ name }) => name === '_id');
  const [type, data] = found.filter(field => field !== id);
  if (found.length !== fieldCount || id === undefined || data === undefined || type?.type !== bsonType.string) return null;
  return { id: id.text, type: type.text, data: data.type === bsonType.null ? null : data.text };
}
