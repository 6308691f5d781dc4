/** What stands for a value that was not sent, in the two forms that others are made from. */
export type Placeholder = { readonly bytes: Uint8Array; readonly text: string };

/** `unavailable.value.placeholder` as written; `hex:` in front gives its bytes in hexadecimal. */
export function placeholderOf(written: string): Placeholder {
  const bytes = written.startsWith('hex:') ? Buffer.from(written.slice(4), 'hex') : Buffer.from(written, 'utf8');
  return { bytes: new Uint8Array(bytes), text: bytes.toString('utf8') };
}
