import type { BsonDocument, BsonValue } from './bson-value.ts';

/** A document is nested at most 100 deep on a server; a text that goes on is none. */
const depthMax = 200;

const blank = /[ \t\n\r]*/y;
const number = /-?(?:Infinity|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|NaN/y;
const text = /"(?:[^"\\]|\\.)*"/sy;
const word = /null|true|false/y;

const int32Max = 2n ** 31n - 1n;

/** Reads a text from its beginning. Throws an Error that quotes nothing of it. */
class Reader {
  readonly #text: string;
  #at = 0;

  constructor(source: string) {
    this.#text = source;
  }

  whole(): BsonValue {
    const value = this.#value(0);
    this.#take(blank);
    if (this.#at < this.#text.length) throw new Error('the document’s JSON goes on behind its end');
    return value;
  }

  #take(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found === null) return null;
    this.#at = pattern.lastIndex;
    return found[0];
  }

  #is(sign: string): boolean {
    this.#take(blank);
    if (this.#text[this.#at] !== sign) return false;
    this.#at++;
    return true;
  }

  #expect(sign: string): void {
    if (!this.#is(sign)) throw new Error(`the document’s JSON lacks a ${sign} at ${this.#at}`);
  }

  #value(depth: number): BsonValue {
    if (depth > depthMax) throw new Error('the document is nested too deeply');
    if (this.#is('{')) return this.#document(depth);
    if (this.#is('[')) return this.#array(depth);
    const string = this.#take(text);
    if (string !== null) return { type: 'string', value: JSON.parse(string) as string };
    const known = this.#take(word);
    if (known !== null) return known === 'null' ? { type: 'null' } : { type: 'boolean', value: known === 'true' };
    const digits = this.#take(number);
    if (digits === null) throw new Error(`the document’s JSON has no value at ${this.#at}`);
    return numeric(digits);
  }

  #array(depth: number): BsonValue {
    const items: BsonValue[] = [];
    if (this.#is(']')) return { type: 'array', items };
    do items.push(this.#value(depth + 1));
    while (this.#is(','));
    this.#expect(']');
    return { type: 'array', items };
  }

  #document(depth: number): BsonValue {
    const fields = new Map<string, BsonValue>();
    if (this.#is('}')) return { type: 'document', fields };
    do {
      this.#take(blank);
      const name = this.#take(text);
      if (name === null) throw new Error(`the document’s JSON has no name at ${this.#at}`);
      this.#expect(':');
      fields.set(JSON.parse(name) as string, this.#value(depth + 1));
    } while (this.#is(','));
    this.#expect('}');
    return special(fields) ?? { type: 'document', fields };
  }
}

/** A plain number: of the smallest integer type that holds it, else a double (org.bson.json.JsonScanner). */
function numeric(digits: string): BsonValue {
  if (!/^-?\d+$/.test(digits)) return { type: 'double', value: Number(digits) };
  const value = BigInt(digits);
  if (value <= int32Max && value >= -int32Max - 1n) return { type: 'int32', value: Number(value) };
  return BigInt.asIntN(64, value) === value ? { type: 'int64', value } : { type: 'double', value: Number(digits) };
}

const stringOf = (value: BsonValue | undefined) => (value?.type === 'string' ? value.value : null);

function integerOf(value: BsonValue | undefined): bigint | null {
  if (value?.type === 'int32') return BigInt(value.value);
  return value?.type === 'int64' ? value.value : null;
}

const partsOf = (value: BsonValue | undefined): BsonDocument | null => (value?.type === 'document' ? value.fields : null);

function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), character => character.charCodeAt(0));
}

type Special = (fields: BsonDocument) => BsonValue | null;

/** Documents that stand for a value, by the name of their first field and how many they have (versions 1 and 2 of extended JSON). */
const specials: Readonly<Record<string, Special>> = {
  $oid: fields => {
    const value = stringOf(fields.get('$oid'));
    return value === null ? null : { type: 'objectId', value };
  },
  $binary: fields => {
    const parts = partsOf(fields.get('$binary'));
    const base64 = stringOf(parts ? parts.get('base64') : fields.get('$binary'));
    const hex = stringOf(parts ? parts.get('subType') : fields.get('$type'));
    return base64 === null || hex === null ? null : { type: 'binary', value: bytesOf(base64), subtype: Number.parseInt(hex, 16) };
  },
  $date: fields => {
    const value = fields.get('$date');
    const ms = integerOf(value);
    if (ms !== null) return { type: 'dateTime', value: ms };
    const parsed = value?.type === 'string' ? Date.parse(value.value) : Number.NaN;
    return Number.isNaN(parsed) ? null : { type: 'dateTime', value: BigInt(parsed) };
  },
  $numberLong: fields => {
    const value = stringOf(fields.get('$numberLong'));
    return value === null ? null : { type: 'int64', value: BigInt(value) };
  },
  $numberInt: fields => {
    const value = stringOf(fields.get('$numberInt'));
    return value === null ? null : { type: 'int32', value: Number(value) };
  },
  $numberDouble: fields => {
    const value = stringOf(fields.get('$numberDouble'));
    return value === null ? null : { type: 'double', value: Number(value) };
  },
  $numberDecimal: fields => {
    const value = stringOf(fields.get('$numberDecimal'));
    return value === null ? null : { type: 'decimal128', value };
  },
  $timestamp: fields => {
    const parts = partsOf(fields.get('$timestamp'));
    const [seconds, increment] = [integerOf(parts?.get('t')), integerOf(parts?.get('i'))];
    return seconds === null || increment === null ? null : { type: 'timestamp', seconds: Number(seconds), increment: Number(increment) };
  },
  $regex: fields => {
    const [pattern, options] = [stringOf(fields.get('$regex')), stringOf(fields.get('$options'))];
    return pattern === null || options === null ? null : { type: 'regularExpression', pattern, options };
  },
  $regularExpression: fields => {
    const parts = partsOf(fields.get('$regularExpression'));
    const [pattern, options] = [stringOf(parts?.get('pattern')), stringOf(parts?.get('options'))];
    return pattern === null || options === null ? null : { type: 'regularExpression', pattern, options };
  },
  $code: fields => {
    const code = stringOf(fields.get('$code'));
    const scope = partsOf(fields.get('$scope'));
    if (code === null) return null;
    return scope === null ? { type: 'javaScript', value: code } : { type: 'javaScriptWithScope', code, scope };
  },
  $symbol: fields => {
    const value = stringOf(fields.get('$symbol'));
    return value === null ? null : { type: 'symbol', value };
  },
  $undefined: () => ({ type: 'undefined' }),
  $minKey: () => ({ type: 'minKey' }),
  $maxKey: () => ({ type: 'maxKey' }),
};

function special(fields: BsonDocument): BsonValue | null {
  const first = fields.keys().next().value;
  if (first === undefined || !first.startsWith('$') || fields.size > 2) return null;
  return Object.hasOwn(specials, first) ? specials[first]!(fields) : null;
}

/** Reads any value's extended JSON of version 1 or 2. */
export function readBsonValue(json: string): BsonValue {
  return new Reader(json).whole();
}

/** Reads a document's extended JSON. Throws an Error where it is none. */
export function readBsonDocument(json: string): BsonDocument {
  const value = readBsonValue(json);
  if (value.type !== 'document') throw new Error('the text is no document');
  return value.fields;
}
