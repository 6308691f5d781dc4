import {
  type Schema,
  Struct,
  type UnreadColumn,
  UnreadRowMemory,
  type UnreadRows,
  UnreadStruct,
  type Value,
} from '../../contract/index.ts';
import {
  type Cursor,
  passArray,
  passBase64,
  passByte,
  passBytes,
  passNull,
  passText,
  readBoolean,
  readDouble,
  readText,
  readWhole,
  textParts,
  unescaped,
  unlike,
  wholeIn,
} from './guided-scan.ts';

type Read = (cursor: Cursor) => Value;
/** Tells a cell of the row that was begun last what lies at the cursor. */
type Enter = (cursor: Cursor, rows: UnreadRows, column: number) => void;

const [openBrace, closeBrace] = [0x7b, 0x7d];
const ranges: Readonly<Partial<Record<Schema['type'], number>>> = { int8: 2 ** 7, int16: 2 ** 15, int32: 2 ** 31 };
/** Of rows that are not read, a reader: each task has one for each table. */
const unreadCellsMax = 1024;

/**
 * Reads JSON as Connect's and this converter write it, each struct's fields in the schema's order and no blanks, straight into values: without
 * maps, names and numbers' texts on the way. Readers are compiled once a schema.
 *
 * A struct within a struct is left unread: of an envelope a consumer needs the row as it is, and mostly neither the row as it was nor the source block. So records
 * that wait for their turn are their bytes and a few objects.
 */
export class GuidedReader {
  readonly #nullsAsDefaults: boolean;
  readonly #reads = new WeakMap<Schema, Read>();
  /** What the last record lay in: rows that are not read share it, and keep no view of their record alone. */
  #memory: Buffer = Buffer.alloc(0);

  constructor(nullsAsDefaults: boolean) {
    this.#nullsAsDefaults = nullsAsDefaults;
  }

  /** The value in bytes[from, to), which nobody changes any more; undefined where they are anything else: then `readValue` is to read them. */
  read(schema: Schema, bytes: Buffer, from = 0, to = bytes.length): Value | undefined {
    if (this.#memory.buffer !== bytes.buffer) this.#memory = Buffer.from(bytes.buffer);
    const cursor: Cursor = { bytes: this.#memory, at: bytes.byteOffset + from };
    try {
      const value = this.#of(schema)(cursor);
      return cursor.at === bytes.byteOffset + to ? value : undefined;
    } catch (fault) {
      if (fault === unlike) return undefined;
      throw fault;
    }
  }

  #of(schema: Schema): Read {
    let read = this.#reads.get(schema);
    if (read === undefined) {
      read = this.#compiled(schema, this.#present(schema));
      this.#reads.set(schema, read);
    }
    return read;
  }

  #compiled(schema: Schema, read: Read): Read {
    const absent = this.#absent(schema);
    return cursor => {
      if (!passNull(cursor)) return read(cursor);
      if (absent === undefined) throw unlike;
      return absent;
    };
  }

  /** What a null stands for; undefined where there cannot be one. */
  #absent(schema: Schema): Value | undefined {
    if (schema.default !== undefined && this.#nullsAsDefaults) return schema.default;
    return schema.optional ? null : undefined;
  }

  #present(schema: Schema): Read {
    switch (schema.type) {
      case 'int8':
      case 'int16':
      case 'int32':
        return integerReader(ranges[schema.type]!);
      case 'int64':
        return readLong;
      case 'float64':
        return readDouble;
      case 'float32':
        return cursor => Math.fround(readDouble(cursor));
      case 'boolean':
        return readBoolean;
      case 'string':
        return readText;
      case 'bytes':
        return readBytes;
      case 'array':
        return arrayReader(this.#of(schema.valueSchema!));
      case 'struct':
        return structReader(
          schema,
          schema.fields.map(({ schema: field }) =>
            field.type === 'struct' ? this.#compiled(field, this.#unread(field)) : this.#of(field),
          ),
        );
      case 'map':
        return () => {
          throw unlike;
        };
    }
  }

  /** Of a struct within another. */
  #unread(schema: Schema): Read {
    const names = namesOf(schema);
    const enters = schema.fields.map(field => this.#enter(field.schema));
    const columns = schema.fields.map(({ schema: { type } }): UnreadColumn => {
      return { valueOfNumber: valuesOfNumbers[type] ?? null, valueOfText: valuesOfTexts[type] ?? null };
    });
    const memory = new UnreadRowMemory(columns, unreadCellsMax);
    const fields = { columns: schema.fields.map(({ index }) => index), maps: null };
    return cursor => {
      const rows = memory.rows();
      const row = rows.row(cursor.bytes);
      if (names.length === 0) passByte(cursor, openBrace);
      for (let index = 0; index < names.length; index++) {
        passBytes(cursor, names[index]!);
        enters[index]!(cursor, rows, index);
      }
      passByte(cursor, closeBrace);
      return new UnreadStruct(schema, row, fields);
    };
  }

  #enter(schema: Schema): Enter {
    const absent = this.#absent(schema);
    const enter = this.#enterPresent(schema);
    return (cursor, rows, column) => {
      if (!passNull(cursor)) enter(cursor, rows, column);
      else if (absent === undefined) throw unlike;
      else rows.value(column, absent);
    };
  }

  #enterPresent(schema: Schema): Enter {
    switch (schema.type) {
      case 'int8':
      case 'int16':
      case 'int32': {
        const read = integerReader(ranges[schema.type]!);
        return (cursor, rows, column) => rows.number(column, read(cursor));
      }
      case 'int64':
        return enterLong;
      case 'string':
        return enterText;
      case 'bytes':
        return enterBytes;
      default: {
        const read = this.#of(schema);
        return (cursor, rows, column) => rows.value(column, read(cursor));
      }
    }
  }
}

const sameNumber = (number: number) => number;
const valuesOfNumbers: Readonly<Partial<Record<Schema['type'], NonNullable<UnreadColumn['valueOfNumber']>>>> = {
  int8: sameNumber,
  int16: sameNumber,
  int32: sameNumber,
  int64: BigInt,
};
const valuesOfTexts: Readonly<Partial<Record<Schema['type'], NonNullable<UnreadColumn['valueOfText']>>>> = {
  int64: wholeIn,
  bytes: bytesIn,
};

/** What stands before each field's value. */
function namesOf({ fields }: Schema): readonly Buffer[] {
  return fields.map(({ name }, index) => Buffer.from(`${index === 0 ? '{' : ','}${JSON.stringify(name)}:`));
}

function structReader(schema: Schema, reads: readonly Read[]): Read {
  const names = namesOf(schema);
  const count = names.length;
  return cursor => {
    const values: Value[] = new Array(count);
    if (count === 0) passByte(cursor, openBrace);
    for (let index = 0; index < count; index++) {
      passBytes(cursor, names[index]!);
      values[index] = reads[index]!(cursor);
    }
    passByte(cursor, closeBrace);
    return new Struct(schema, values);
  };
}

function arrayReader(read: Read): Read {
  return cursor => {
    const items: Value[] = [];
    passArray(cursor, at => items.push(read(at)));
    return items;
  };
}

function integerReader(limit: number): (cursor: Cursor) => number {
  return cursor => {
    const number = readWhole(cursor);
    // Neither is NaN.
    if (!(number >= -limit && number < limit)) throw unlike;
    return number;
  };
}

function readLong(cursor: Cursor): bigint {
  const from = cursor.at;
  const number = readWhole(cursor);
  return Number.isNaN(number) ? longIn(cursor, from) : BigInt(number);
}

/** What has just been passed. */
function longIn({ bytes, at }: Cursor, from: number): bigint {
  const long = wholeIn(bytes, from, at);
  if (BigInt.asIntN(64, long) !== long) throw unlike;
  return long;
}

/** So many digits always fit, and nearly all with one more do. */
const fittingDigitsMax = 18;

function enterLong(cursor: Cursor, rows: UnreadRows, column: number): void {
  const from = cursor.at;
  const number = readWhole(cursor);
  if (!Number.isNaN(number)) rows.number(column, number);
  else {
    if (cursor.at - from > fittingDigitsMax) longIn(cursor, from);
    rows.text(column, from, cursor.at);
  }
}

function enterText(cursor: Cursor, rows: UnreadRows, column: number): void {
  const { bytes, at } = cursor;
  if (passText(cursor) & textParts.escaped) rows.value(column, unescaped(bytes, at, cursor.at));
  else rows.text(column, at + 1, cursor.at - 1);
}

/** Decimals too, where they are written so. */
function readBytes(cursor: Cursor): Uint8Array {
  const from = cursor.at + 1;
  passBase64(cursor);
  return bytesIn(cursor.bytes, from, cursor.at - 1);
}

function enterBytes(cursor: Cursor, rows: UnreadRows, column: number): void {
  const from = cursor.at + 1;
  passBase64(cursor);
  rows.text(column, from, cursor.at - 1);
}

function bytesIn(bytes: Buffer, from: number, to: number): Uint8Array {
  return Buffer.from(bytes.toString('latin1', from, to), 'base64');
}
