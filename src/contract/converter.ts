import type { Header } from './record.ts';
import type { Schema } from './schema.ts';
import type { SlabWriter } from './slab.ts';
import type { Value } from './value.ts';

/** A value read back from bytes. */
export type SchemaAndValue = { readonly schema: Schema | null; readonly value: Value };

/**
 * Turns keys or values into bytes and back (Connect's Converter). Serializing is synchronous and on the hot path: compile
 * per schema, cached by identity. null bytes are Kafka's null.
 */
export type Converter = {
  /** Throws SluiceError CONVERSION_FAILED where the value does not fit its schema or the converter. */
  serialize(topic: string, schema: Schema | null, value: Value): Uint8Array | null;
  /**
   * The same, appended to a batch's slab without a buffer of its own; false (and nothing appended) where `serialize` gives null. Where
   * it throws, the caller truncates the slab. Converters on the hot path have it; without it `serialize` is called.
   */
  serializeInto?(topic: string, schema: Schema | null, value: Value, slab: SlabWriter): boolean;
  /**
   * The value may be read from the bytes later (`UnreadStruct`), so nobody changes them from here on. Throws SluiceError CONVERSION_FAILED for bytes that
   * it cannot read: what it has taken can be read whenever that is.
   */
  deserialize(topic: string, bytes: Uint8Array | null): SchemaAndValue;
};

/** Turns one header's value into bytes and back (Connect's HeaderConverter). */
export type HeaderConverter = {
  serializeHeader(topic: string, header: Header): Uint8Array | null;
  deserializeHeader(topic: string, key: string, bytes: Uint8Array | null): SchemaAndValue;
};

/** Key and value side of one converter class need different defaults in places: Connect passes `isKey` when it configures one. */
export type ConverterRole = 'key' | 'value' | 'header';
