import { type Schema, type SlabPiece, type SlabWriter, Struct, slabPiece, UnreadStruct, type Value } from '../../contract/index.ts';
import { putUtf8 } from './put.ts';
import type { JsonWriter } from './writer.ts';

/** Values up to here become a piece that outlives its slab, longer ones do not; so many UTF-16 units or bytes. */
const pieceUnitsMax = 64;
/** Longer texts and binaries are not remembered: nothing of such size should stay in memory for its field. */
const rememberedUnitsMax = 65_536;
/** Structs whose JSON is longer are not: a source block is remembered, a row mostly by its parts. */
const rememberedStructBytesMax = 1024;

/**
 * Writes one field of a struct, its name first. What a field had the last time it often has again: the row after an update has most of the row
 * before, and a record most of the source block, times and NULLs of the one before. The second time, name and value are copied from where they
 * lie in the slab; from the third on, short ones are a piece of their own.
 */
export class FieldWriter {
  readonly #name: SlabPiece;
  readonly #write: JsonWriter;
  readonly #writeNumber: ((slab: SlabWriter, value: number) => void) | null;
  readonly #isText: boolean;
  /** Zero and minus zero are equal, but not written alike. */
  readonly #isFloat: boolean;
  #last: Value | undefined = undefined;
  /** Where name and `#last` lie in the slab, as long as its mark is this one. */
  #start = 0;
  #end = 0;
  #mark = -1;
  #copied = false;
  /** Name and `#last`; null: too long, or not yet seen often enough. */
  #piece: SlabPiece | null = null;
  /** Of the text that was unread before this one, JSON escaped nothing. */
  #plain = true;

  constructor(name: string, { type }: Schema, write: JsonWriter, writeNumber: ((slab: SlabWriter, value: number) => void) | null) {
    this.#name = slabPiece(Buffer.from(name));
    this.#write = write;
    this.#writeNumber = writeNumber;
    this.#isText = type === 'string';
    this.#isFloat = type === 'float32' || type === 'float64';
  }

  write(value: Value | undefined, slab: SlabWriter): void {
    if (value === this.#last && value !== undefined) {
      if (this.#piece !== null) slab.piece(this.#piece);
      else this.#again(value, slab);
      return;
    }
    this.#last = undefined;
    this.#piece = null;
    this.#copied = false;
    this.#both(value, slab);
    if (this.#isRemembered(value)) this.#last = value;
  }

  /** The same of a field of an unread row: from where it lies, without making a value of it, where that can be. */
  writeUnread(struct: UnreadStruct, field: number, slab: SlabWriter): void {
    const { row } = struct;
    const column = struct.column(field);
    if (column >= 0) {
      const start = row.start(column);
      if (start >= 0 && this.#isText) {
        slab.piece(this.#name);
        this.#plain = putUtf8(slab, row.bytes, start, row.end(column), this.#plain);
        return;
      }
      if (this.#writeNumber !== null && row.isNumber(column)) {
        slab.piece(this.#name);
        this.#writeNumber(slab, row.number(column));
        return;
      }
    }
    this.write(struct.value(field), slab);
  }

  #again(value: Value, slab: SlabWriter): void {
    const start = slab.length;
    if (this.#mark !== slab.mark) {
      this.#both(value, slab);
      return;
    }
    slab.repeat(this.#start, this.#end);
    if (this.#copied && isShort(value)) this.#piece = slabPiece(slab.view(start));
    this.#copied = true;
  }

  #both(value: Value | undefined, slab: SlabWriter): void {
    const start = slab.length;
    slab.piece(this.#name);
    this.#write(value, slab);
    this.#start = start;
    this.#end = slab.length;
    this.#mark = slab.mark;
  }

  /** Lists and maps are not, nor what lies in a row: it would keep that in memory. */
  #isRemembered(value: Value | undefined): boolean {
    if (typeof value === 'number') return !this.#isFloat;
    if (typeof value === 'string' || value instanceof Uint8Array) return value.length <= rememberedUnitsMax;
    if (value instanceof Struct) return !(value instanceof UnreadStruct) && this.#end - this.#start <= rememberedStructBytesMax;
    return value === null || typeof value !== 'object';
  }
}

function isShort(value: Value): boolean {
  if (typeof value === 'string' || value instanceof Uint8Array) return value.length <= pieceUnitsMax;
  return !(value instanceof Struct);
}
