export * from './change.ts';
export * from './config-spec.ts';
export * from './connect-text.ts';
export * from './converter.ts';
export * from './crash-point.ts';
export * from './document-json.ts';
export * from './document-text.ts';
export * from './errors.ts';
export * from './event-log.ts';
export { exactIntegers, mayHoldLongIntegers, parseExactIntegers, writeExactIntegers } from './exact-integers.ts';
export { quotedBsonText } from './java-bson-text.ts';
export * from './java-numbers.ts';
export * from './java-regex.ts';
export * from './java-replacement.ts';
export * from './log-consumer.ts';
export * from './measure.ts';
export { nearest } from './nearest.ts';
export * from './plugin.ts';
export * from './record.ts';
export * from './retry.ts';
export * as schemas from './schema.ts';
export { arraySchema, type Field, mapSchema, Schema, type SchemaOptions, type SchemaType, schemaOf, structSchema } from './schema.ts';
export * from './sink.ts';
export { SlabWriter } from './slab.ts';
export { slabMemory } from './slab-memory.ts';
export { type SlabPiece, slabPiece } from './slab-piece.ts';
export * from './source.ts';
export { misspeltSourceField } from './source-fields.ts';
export { isStreamOffset } from './stream-offset.ts';
export { topicOfType } from './topic-of-type.ts';
export * from './transform.ts';
export {
  type UnreadColumn,
  type UnreadFields,
  UnreadRow,
  UnreadRowMemory,
  UnreadRows,
  UnreadStruct,
  type ValueOfNumber,
} from './unread-rows.ts';
export * from './value.ts';
export * from './verification.ts';
export * from './worker-group.ts';
