import { characterBytes, charsetExceptions, type Exceptions } from './charset-exceptions.ts';
import { swe7LowerHalf, upperHalves } from './charset-tables.ts';

/** Decodes bytes[start, end). Bytes that are not assigned become U+FFFD. */
export type DecodeText = (bytes: Buffer, start: number, end: number) => string;

/** Names of the platform's decoders, by MySQL's names. `latin1` is MySQL's: Windows' code page 1252 with its gaps filled. */
const labels: Readonly<Record<string, string>> = {
  big5: 'big5',
  latin1: 'windows-1252',
  latin2: 'iso-8859-2',
  latin7: 'iso-8859-13',
  ujis: 'euc-jp',
  sjis: 'shift_jis',
  cp932: 'shift_jis',
  eucjpms: 'euc-jp',
  euckr: 'euc-kr',
  koi8r: 'koi8-r',
  gb2312: 'gbk',
  gbk: 'gbk',
  gb18030: 'gb18030',
  cp1250: 'windows-1250',
  cp1251: 'windows-1251',
  cp1256: 'windows-1256',
  cp1257: 'windows-1257',
  macroman: 'macintosh',
};

/** The platform's decoders follow Windows; these characters stand elsewhere in the older standards that MySQL follows. */
const japaneseStandard = new Map([
  ['～', '〜'],
  ['∥', '‖'],
  ['－', '−'],
  ['￠', '¢'],
  ['￡', '£'],
  ['￢', '¬'],
]);
const olderJapanese: ReadonlySet<string> = new Set(['sjis', 'ujis']);

/** No byte is above 0x7f. */
function isAscii(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (bytes[at]! > 0x7f) return false;
  return true;
}

const decodeUtf8: DecodeText = (bytes, start, end) => bytes.toString('utf8', start, end);
/** `binary`: a character for each byte, as the reference reads text columns of it. */
const decodeBytes: DecodeText = (bytes, start, end) => bytes.toString('latin1', start, end);

const decodeAscii: DecodeText = (bytes, start, end) => {
  const text = bytes.toString('latin1', start, end);
  return isAscii(bytes, start, end) ? text : text.replaceAll(/[\u0080-\u00ff]/g, '\ufffd');
};

function withTable(table: readonly string[], asciiBelow: boolean): DecodeText {
  return (bytes, start, end) => {
    if (asciiBelow && isAscii(bytes, start, end)) return bytes.toString('latin1', start, end);
    let text = '';
    for (let at = start; at < end; at++) text += table[bytes[at]!];
    return text;
  };
}

function tableOf(upperHalf: string, lowerHalf: ReadonlyMap<number, string> | null): readonly string[] {
  const lower = Array.from({ length: 128 }, (_, byte) => lowerHalf?.get(byte) ?? String.fromCharCode(byte));
  return [...lower, ...upperHalf];
}

function withPlatform(charset: string, label: string): DecodeText {
  const decoder = new TextDecoder(label, { ignoreBOM: true });
  const pattern = olderJapanese.has(charset) ? new RegExp(`[${[...japaneseStandard.keys()].join('')}]`, 'g') : null;
  const decode: DecodeText = (bytes, start, end) => {
    if (isAscii(bytes, start, end)) return bytes.toString('latin1', start, end);
    const text = decoder.decode(bytes.subarray(start, end));
    return pattern ? text.replaceAll(pattern, character => japaneseStandard.get(character) ?? character) : text;
  };
  const exceptions = charsetExceptions(charset);
  return exceptions === null ? decode : withExceptions(charset, exceptions, decode);
}

/** What lies between exceptions is decoded in one go. */
function withExceptions(charset: string, exceptions: Exceptions, decode: DecodeText): DecodeText {
  return (bytes, start, end) => {
    let text = '';
    let from = start;
    for (let at = start; at < end; ) {
      const lead = bytes[at]!;
      const size = lead > 0x7f ? characterBytes(charset, lead) : 1;
      const character = size > 1 && at + size <= end ? exceptions.get(bytes.readUIntBE(at, size)) : undefined;
      if (character !== undefined) {
        text += decode(bytes, from, at) + character;
        from = at + size;
      }
      at += size;
    }
    return text + decode(bytes, from, end);
  };
}

function utf16(label: string): DecodeText {
  const decoder = new TextDecoder(label, { ignoreBOM: true });
  return (bytes, start, end) => decoder.decode(bytes.subarray(start, end));
}

const codePointMax = 0x10_ffff;

const decodeUtf32: DecodeText = (bytes, start, end) => {
  let text = '';
  for (let at = start; at + 4 <= end; at += 4) {
    const point = bytes.readUInt32BE(at);
    text += point > codePointMax ? '\ufffd' : String.fromCodePoint(point);
  }
  return text;
};

function make(charset: string): DecodeText | null {
  const table = upperHalves[charset];
  if (table !== undefined) return withTable(tableOf(table, charset === 'swe7' ? swe7LowerHalf : null), charset !== 'swe7');
  const label = labels[charset];
  if (label !== undefined) return withPlatform(charset, label);
  switch (charset) {
    case 'utf8mb4':
    case 'utf8mb3':
    case 'utf8':
      return decodeUtf8;
    case 'ascii':
      return decodeAscii;
    case 'binary':
      return decodeBytes;
    case 'ucs2':
    case 'utf16':
      return utf16('utf-16be');
    case 'utf16le':
      return utf16('utf-16le');
    case 'utf32':
      return decodeUtf32;
    default:
      return null;
  }
}

const decoders = new Map<string, DecodeText>();

/** The decoder of one of MySQL's character sets; UTF-8 where it is not known, as the reference reads it. */
export function charsetDecoder(charset: string | null): DecodeText {
  const name = charset?.toLowerCase() ?? 'utf8mb4';
  const decoder = decoders.get(name) ?? make(name) ?? decodeUtf8;
  decoders.set(name, decoder);
  return decoder;
}
