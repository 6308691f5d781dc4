import { fromModifiedUtf8, modifiedUtf8 } from '../modified-utf8.ts';

/**
 * A table's key as Debezium stores it in an offset: an Object[] in Java's serialized form ("Java Object Serialization Specification",
 * chapter 6), in hex. Written are the classes that keys usually have; read is what any of them may have been written as.
 */
export type JavaClass = 'Integer' | 'Long' | 'Short' | 'String' | 'Boolean' | 'UUID';

type Shape = {
  readonly name: string;
  readonly id: string;
  readonly parent: boolean;
  readonly fields: readonly (readonly [type: string, name: string])[];
};

const number: Shape = { name: 'java.lang.Number', id: '86ac951d0b94e08b', parent: false, fields: [] };

const shapes: Readonly<Record<Exclude<JavaClass, 'String'>, Shape>> = {
  Integer: { name: 'java.lang.Integer', id: '12e2a0a4f7818738', parent: true, fields: [['I', 'value']] },
  Long: { name: 'java.lang.Long', id: '3b8be490cc8f23df', parent: true, fields: [['J', 'value']] },
  Short: { name: 'java.lang.Short', id: '684d37133460da52', parent: true, fields: [['S', 'value']] },
  Boolean: { name: 'java.lang.Boolean', id: 'cd207280d59cfaee', parent: false, fields: [['Z', 'value']] },
  UUID: {
    name: 'java.util.UUID',
    id: 'bc9903f7986d852f',
    parent: false,
    fields: [
      ['J', 'leastSigBits'],
      ['J', 'mostSigBits'],
    ],
  },
};

const [nullTag, referenceTag, descriptionTag, objectTag, stringTag, arrayTag, endTag, longStringTag] = [
  0x70, 0x71, 0x72, 0x73, 0x74, 0x75, 0x78, 0x7c,
];
const firstHandle = 0x7e0000;
const arrayShape = { name: '[Ljava.lang.Object;', id: '90ce589f1073296c' };

class Writer {
  readonly #parts: Buffer[] = [Buffer.from('aced0005', 'hex')];
  readonly #classes = new Map<string, number>();
  readonly #strings = new Map<string, number>();
  #handles = 0;

  get hex(): string {
    return Buffer.concat(this.#parts).toString('hex');
  }

  byte(value: number): void {
    this.#parts.push(Buffer.from([value]));
  }

  #number(bytes: number, value: bigint): void {
    const part = Buffer.alloc(8);
    part.writeBigInt64BE(BigInt.asIntN(64, value));
    this.#parts.push(part.subarray(8 - bytes));
  }

  #text(text: string): void {
    const bytes = modifiedUtf8(text);
    this.#number(2, BigInt(bytes.length));
    this.#parts.push(bytes);
  }

  #reference(handle: number): void {
    this.byte(referenceTag);
    this.#number(4, BigInt(firstHandle + handle));
  }

  array(length: number): void {
    this.byte(arrayTag);
    this.byte(descriptionTag);
    this.#text(arrayShape.name);
    this.#parts.push(Buffer.from(`${arrayShape.id}020000`, 'hex'));
    this.byte(endTag);
    this.byte(nullTag);
    this.#handles = 2; // the class and the array itself
    this.#number(4, BigInt(length));
  }

  #class({ name, id, parent, fields }: Shape): void {
    const known = this.#classes.get(name);
    if (known !== undefined) {
      this.#reference(known);
      return;
    }
    this.byte(descriptionTag);
    this.#text(name);
    this.#parts.push(Buffer.from(`${id}02`, 'hex'));
    this.#number(2, BigInt(fields.length));
    for (const [type, field] of fields) {
      this.byte(type.charCodeAt(0));
      this.#text(field);
    }
    this.byte(endTag);
    this.#classes.set(name, this.#handles++);
    if (parent) this.#class(number);
    else this.byte(nullTag);
  }

  /** Each string once: Java writes one that is the same object only as a reference, but reads both. */
  string(text: string): boolean {
    const known = this.#strings.get(text);
    if (known !== undefined) {
      this.#reference(known);
      return true;
    }
    if (modifiedUtf8(text).length > 0xffff) return false;
    this.byte(stringTag);
    this.#text(text);
    this.#strings.set(text, this.#handles++);
    return true;
  }

  object(shape: Shape, values: readonly bigint[]): void {
    this.byte(objectTag);
    this.#class(shape);
    this.#handles++;
    const sizes: Readonly<Record<string, number>> = { I: 4, J: 8, S: 2, Z: 1 };
    for (const [index, [type]] of shape.fields.entries()) this.#number(sizes[type]!, values[index]!);
  }
}

/** The two halves of a UUID as Java holds them. */
function uuidBits(text: string): readonly bigint[] {
  const digits = BigInt(`0x${text.replaceAll('-', '')}`);
  return [digits & 0xffffffffffffffffn, digits >> 64n];
}

/** No key yet: a null in place of the array. */
export const noJavaKey = 'aced000570';

/** A key's texts, as the database writes them, in Debezium's form; null where a column's class is not known. */
export function writeJavaKey(key: readonly string[] | null, classes: readonly (JavaClass | null)[]): string | null {
  if (key === null) return noJavaKey;
  const writer = new Writer();
  writer.array(key.length);
  for (const [index, text] of key.entries()) {
    const javaClass = classes[index] ?? null;
    if (javaClass === null) return null;
    if (javaClass === 'String') {
      if (!writer.string(text)) return null;
    } else {
      const shape = shapes[javaClass];
      const values =
        javaClass === 'UUID' ? uuidBits(text) : [javaClass === 'Boolean' ? BigInt(text === 't' || text === 'true') : BigInt(text)];
      writer.object(shape, values);
    }
  }
  return writer.hex;
}

/** A class of an object that is not read. */
class UnknownClass extends Error {}

type Described = { readonly name: string; readonly fields: readonly (readonly [string, string])[]; readonly parent: Described | null };

class Reader {
  readonly #bytes: Buffer;
  readonly #handles: unknown[] = [];
  #at = 4;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  #take(count: number): Buffer {
    if (this.#at + count > this.#bytes.length) throw new UnknownClass('it ends too early');
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }

  byte(): number {
    return this.#take(1)[0]!;
  }

  integer(): number {
    return this.#take(4).readInt32BE();
  }

  #text(): string {
    return fromModifiedUtf8(this.#take(this.#take(2).readUInt16BE()));
  }

  #referred(): unknown {
    return this.#handles[this.integer() - firstHandle];
  }

  description(): Described | null {
    const tag = this.byte();
    if (tag === nullTag) return null;
    if (tag === referenceTag) return this.#referred() as Described;
    if (tag !== descriptionTag) throw new UnknownClass(`a class expected, 0x${tag.toString(16)} found`);
    const name = this.#text();
    this.#take(8);
    const place = this.#handles.push(null) - 1;
    const flags = this.byte();
    if (flags !== 0x02 && flags !== 0x03) throw new UnknownClass(name);
    const fields = Array.from({ length: this.#take(2).readInt16BE() }, () => {
      const type = String.fromCharCode(this.byte());
      const field = this.#text();
      if (type === 'L' || type === '[') throw new UnknownClass(name);
      return [type, field] as const;
    });
    if (this.byte() !== endTag) throw new UnknownClass(name);
    // A class may refer to itself only once it is whole; none of those read does.
    const described: Described = { name, fields, parent: this.description() };
    this.#handles[place] = described;
    return described;
  }

  keep(value: unknown): void {
    this.#handles.push(value);
  }

  /** The text of a key's column. */
  value(): string {
    const tag = this.byte();
    if (tag === referenceTag) return String(this.#referred());
    if (tag === stringTag || tag === longStringTag) {
      const text = tag === stringTag ? this.#text() : fromModifiedUtf8(this.#take(Number(this.#take(8).readBigInt64BE())));
      this.keep(text);
      return text;
    }
    if (tag !== objectTag) throw new UnknownClass(`an object expected, 0x${tag.toString(16)} found`);
    const described = this.description();
    const known = Object.values(shapes).find(({ name }) => name === described?.name);
    if (described === null || known === undefined) throw new UnknownClass(described?.name ?? 'no class');
    const values = described.fields.map(([type]) => {
      if (type === 'J') return this.#take(8).readBigInt64BE();
      if (type === 'I') return BigInt(this.integer());
      if (type === 'S') return BigInt(this.#take(2).readInt16BE());
      return BigInt(this.byte());
    });
    const text = textOf(known.name, values);
    this.keep(text);
    return text;
  }
}

function textOf(name: string, values: readonly bigint[]): string {
  if (name === shapes.Boolean.name) return values[0] === 0n ? 'f' : 't';
  if (name !== shapes.UUID.name) return String(values[0]);
  const digits = ((BigInt.asUintN(64, values[1]!) << 64n) | BigInt.asUintN(64, values[0]!)).toString(16).padStart(32, '0');
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** A key that Debezium stored: its columns' texts, null for none, or undefined where it holds a class that is not read. */
export function readJavaKey(hex: string): readonly string[] | null | undefined {
  const bytes = Buffer.from(hex, 'hex');
  if (bytes.length < 5 || bytes.readUInt32BE() !== 0xaced0005) return undefined;
  try {
    const reader = new Reader(bytes);
    const tag = reader.byte();
    if (tag === nullTag) return null;
    if (tag !== arrayTag) return undefined;
    reader.description();
    reader.keep(null);
    return Array.from({ length: reader.integer() }, () => reader.value());
  } catch (error) {
    if (error instanceof UnknownClass) return undefined;
    throw error;
  }
}
