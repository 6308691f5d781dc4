/** A text in Java's modified UTF-8 (java.io.DataInput): NUL takes two bytes, and each half of a surrogate pair three. */
export function modifiedUtf8(text: string): Buffer {
  if (!/[\0\ud800-\udfff]/.test(text)) return Buffer.from(text, 'utf8');
  const bytes: number[] = [];
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit !== 0 && unit < 0x80) bytes.push(unit);
    else if (unit < 0x800) bytes.push(0xc0 | (unit >> 6), 0x80 | (unit & 0x3f));
    else bytes.push(0xe0 | (unit >> 12), 0x80 | ((unit >> 6) & 0x3f), 0x80 | (unit & 0x3f));
  }
  return Buffer.from(bytes);
}

/** The text of what `modifiedUtf8` makes. */
export function fromModifiedUtf8(bytes: Buffer): string {
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const first = bytes[at]!;
    const length = first < 0x80 ? 1 : first < 0xe0 ? 2 : 3;
    const rest = (place: number) => bytes[at + place]! & 0x3f;
    const unit = length === 1 ? first : length === 2 ? ((first & 0x1f) << 6) | rest(1) : ((first & 0x0f) << 12) | (rest(1) << 6) | rest(2);
    text += String.fromCharCode(unit);
    at += length;
  }
  return text;
}
