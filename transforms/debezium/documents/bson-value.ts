/** A value of a document as extended JSON tells it. */
export type BsonValue =
  | { readonly type: 'null' | 'undefined' | 'minKey' | 'maxKey' }
  | { readonly type: 'string' | 'objectId' | 'decimal128' | 'javaScript' | 'symbol'; readonly value: string }
  | { readonly type: 'double' | 'int32'; readonly value: number }
  | { readonly type: 'int64' | 'dateTime'; readonly value: bigint }
  | { readonly type: 'boolean'; readonly value: boolean }
  | { readonly type: 'binary'; readonly value: Uint8Array; readonly subtype: number }
  | { readonly type: 'timestamp'; readonly seconds: number; readonly increment: number }
  | { readonly type: 'regularExpression'; readonly pattern: string; readonly options: string }
  | { readonly type: 'javaScriptWithScope'; readonly code: string; readonly scope: BsonDocument }
  | { readonly type: 'array'; readonly items: readonly BsonValue[] }
  | { readonly type: 'document'; readonly fields: BsonDocument };

export type BsonType = BsonValue['type'];

/** A document's fields in their order. */
export type BsonDocument = ReadonlyMap<string, BsonValue>;
