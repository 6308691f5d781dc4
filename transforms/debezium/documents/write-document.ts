import { javaDouble, quotedBsonText } from '../../../src/contract/index.ts';
import type { BsonDocument, BsonValue } from './bson-value.ts';

const step = '  ';

function base64(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

const string = (value: string): BsonValue => ({ type: 'string', value });
const wrapped = (name: string, value: BsonValue): BsonDocument => new Map([[name, value]]);
const nested = (name: string, fields: Iterable<[string, BsonValue]>): BsonDocument =>
  wrapped(name, { type: 'document', fields: new Map(fields) });

/** The document that stands for a value in canonical extended JSON; null: JSON has the value itself. */
function canonical(value: BsonValue): BsonDocument | null {
  switch (value.type) {
    case 'int32':
      return wrapped('$numberInt', string(String(value.value)));
    case 'int64':
      return wrapped('$numberLong', string(String(value.value)));
    case 'double':
      return wrapped('$numberDouble', string(javaDouble(value.value)));
    case 'decimal128':
      return wrapped('$numberDecimal', string(value.value));
    case 'objectId':
      return wrapped('$oid', string(value.value));
    case 'dateTime':
      return nested('$date', [['$numberLong', string(String(value.value))]]);
    case 'binary': {
      const subtype = value.subtype.toString(16).toUpperCase().padStart(2, '0');
      return nested('$binary', [
        ['base64', string(base64(value.value))],
        ['subType', string(subtype)],
      ]);
    }
    case 'regularExpression':
      return nested('$regularExpression', [
        ['pattern', string(value.pattern)],
        ['options', string(value.options)],
      ]);
    case 'javaScript':
      return wrapped('$code', string(value.value));
    case 'javaScriptWithScope':
      return new Map([
        ['$code', string(value.code)],
        ['$scope', { type: 'document', fields: value.scope }],
      ]);
    case 'symbol':
      return wrapped('$symbol', string(value.value));
    case 'undefined':
      return wrapped('$undefined', { type: 'boolean', value: true });
    default:
      return null;
  }
}

/** A document as canonical extended JSON, a line a field (JsonMode.EXTENDED, indented). */
export function writeIndented(fields: BsonDocument, indent = ''): string {
  const inner = indent + step;
  const lines = [...fields].map(([name, value]) => `\n${inner}${quotedBsonText(name)}: ${write(value, inner)}`);
  return lines.length === 0 ? '{}' : `{${lines.join(',')}\n${indent}}`;
}

function write(value: BsonValue, indent: string): string {
  const inner = indent + step;
  switch (value.type) {
    case 'null':
      return 'null';
    case 'boolean':
      return String(value.value);
    case 'string':
      return quotedBsonText(value.value);
    case 'document':
      return writeIndented(value.fields, indent);
    case 'array': {
      const items = value.items.map(item => `\n${inner}${write(item, inner)}`);
      return items.length === 0 ? '[]' : `[${items.join(',')}\n${indent}]`;
    }
    case 'timestamp': {
      const deeper = inner + step;
      const parts = `{\n${deeper}"t": ${value.seconds},\n${deeper}"i": ${value.increment}\n${inner}}`;
      return `{\n${inner}"$timestamp": ${parts}\n${indent}}`;
    }
    case 'minKey':
    case 'maxKey':
      return `{\n${inner}"$${value.type}": 1\n${indent}}`;
    default:
      return writeIndented(canonical(value)!, indent);
  }
}
