import { SluiceError } from '../../src/contract/index.ts';
import { bsonType, documentAt, eachElement, numberAt, stringAt } from './bson/elements.ts';

/** A change as the server tells it; its documents as bytes. */
export type ChangeEvent = {
  /** The resume token: a stream that starts after it begins behind this change. */
  token: Buffer | null;
  operation: string;
  /** The bytes of `ns`, as a text that stands for it alone: equal namespaces have equal texts. */
  namespaceKey: string;
  database: string;
  collection: string;
  documentKey: Buffer | null;
  fullDocument: Buffer | null;
  fullDocumentBeforeChange: Buffer | null;
  updateDescription: Buffer | null;
  clusterTime: { readonly seconds: number; readonly increment: number } | null;
  wallTimeMs: bigint | null;
  lsid: Buffer | null;
  txnNumber: bigint | null;
  /** Of a change too large for one document: which part this is, of how many. */
  split: { readonly fragment: number; readonly of: number } | null;
};

function emptyEvent(): ChangeEvent {
  return {
    token: null,
    operation: '',
    namespaceKey: '',
    database: '',
    collection: '',
    documentKey: null,
    fullDocument: null,
    fullDocumentBeforeChange: null,
    updateDescription: null,
    clusterTime: null,
    wallTimeMs: null,
    lsid: null,
    txnNumber: null,
    split: null,
  };
}

/** Reads one event of a change stream. */
export function readEvent(bytes: Buffer): ChangeEvent {
  const event = emptyEvent();
  eachElement(bytes, 0, (name, type, at, end) => {
    const document = type === bsonType.document ? documentAt(bytes, at) : null;
    switch (name) {
      case '_id':
        event.token = document;
        break;
      case 'operationType':
        event.operation = stringAt(bytes, at);
        break;
      case 'ns':
        event.namespaceKey = bytes.toString('latin1', at, end);
        eachElement(bytes, at, (part, _, place) => {
          if (part === 'db') event.database = stringAt(bytes, place);
          else if (part === 'coll') event.collection = stringAt(bytes, place);
        });
        break;
      case 'documentKey':
      case 'fullDocument':
      case 'fullDocumentBeforeChange':
      case 'updateDescription':
      case 'lsid':
        event[name] = document;
        break;
      case 'clusterTime':
        event.clusterTime = { seconds: bytes.readUInt32LE(at + 4), increment: bytes.readUInt32LE(at) };
        break;
      case 'wallTime':
        event.wallTimeMs = type === bsonType.dateTime ? bytes.readBigInt64LE(at) : null;
        break;
      case 'txnNumber':
        event.txnNumber = BigInt(numberAt(bytes, { type, at, end }) ?? 0);
        break;
      case 'splitEvent':
        event.split = readSplit(bytes, at);
        break;
    }
  });
  return event;
}

function readSplit(bytes: Buffer, start: number): ChangeEvent['split'] {
  let [fragment, of] = [0, 0];
  eachElement(bytes, start, (name, type, at, end) => {
    const number = numberAt(bytes, { type, at, end }) ?? 0;
    if (name === 'fragment') fragment = number;
    else if (name === 'of') of = number;
  });
  return { fragment, of };
}

/** Puts the parts of a change together that `$changeStreamSplitLargeEvent` cut. */
export class SplitEvents {
  #parts: ChangeEvent[] = [];

  /** The whole change, once its last part is there; null before. Throws MALFORMED_MESSAGE where a part is missing. */
  whole(event: ChangeEvent): ChangeEvent | null {
    const { split } = event;
    if (split === null) {
      if (this.#parts.length > 0) throw new SluiceError('MALFORMED_MESSAGE', 'A part of a split change event is missing.');
      return event;
    }
    if (split.fragment !== this.#parts.length + 1) throw new SluiceError('MALFORMED_MESSAGE', 'A part of a split change event is missing.');
    this.#parts.push(event);
    if (split.fragment < split.of) return null;
    const parts = this.#parts;
    this.#parts = [];
    return merged(parts, event);
  }

  /** Parts are waiting for their last one: the stream can go on only in front of the first. */
  get open(): boolean {
    return this.#parts.length > 0;
  }
}

/** The first part that has a field gives it; the token is the last part's. */
function merged(parts: readonly ChangeEvent[], last: ChangeEvent): ChangeEvent {
  const first = <T>(read: (event: ChangeEvent) => T | null): T | null => {
    for (const part of parts) {
      const value = read(part);
      if (value !== null) return value;
    }
    return null;
  };
  const named = parts.find(({ operation }) => operation !== '') ?? last;
  const placed = parts.find(({ namespaceKey }) => namespaceKey !== '') ?? last;
  return {
    token: last.token,
    operation: named.operation,
    namespaceKey: placed.namespaceKey,
    database: placed.database,
    collection: placed.collection,
    documentKey: first(part => part.documentKey),
    fullDocument: first(part => part.fullDocument),
    fullDocumentBeforeChange: first(part => part.fullDocumentBeforeChange),
    updateDescription: first(part => part.updateDescription),
    clusterTime: first(part => part.clusterTime),
    wallTimeMs: first(part => part.wallTimeMs),
    lsid: first(part => part.lsid),
    txnNumber: first(part => part.txnNumber),
    split: null,
  };
}
