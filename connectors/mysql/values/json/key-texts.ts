import { quoted } from './text.ts';

/** Longer keys are read anew each time. */
const keyBytesMax = 48;
/** A power of two. Keys that share a place take turns in it. */
const places = 256;

type Known = { readonly bytes: Uint8Array; readonly text: string };

/** The texts of objects' keys, quoted and with their colon. Rows have the same few again and again: finding one costs a third of reading it. */
export class KeyTexts {
  readonly #known = new Array<Known | null>(places).fill(null);

  /** Of the UTF-8 in bytes[start, end). */
  of(bytes: Buffer, start: number, end: number): string {
    if (end - start > keyBytesMax) return keyText(bytes, start, end);
    let hash = 0;
    for (let at = start; at < end; at++) hash = (Math.imul(hash, 31) + bytes[at]!) | 0;
    const place = (hash ^ (hash >>> 8)) & (places - 1);
    const known = this.#known[place]!;
    if (known !== null && isSame(known.bytes, bytes, start, end)) return known.text;
    const text = keyText(bytes, start, end);
    this.#known[place] = { bytes: Uint8Array.prototype.slice.call(bytes, start, end), text };
    return text;
  }
}

function keyText(bytes: Buffer, start: number, end: number): string {
  return `${quoted(bytes.toString('utf8', start, end))}:`;
}

function isSame(known: Uint8Array, bytes: Buffer, start: number, end: number): boolean {
  if (known.length !== end - start) return false;
  for (let index = 0; index < known.length; index++) if (known[index] !== bytes[start + index]) return false;
  return true;
}
