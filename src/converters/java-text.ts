const loneSurrogate = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** String.getBytes(UTF_8): what cannot be encoded becomes a question mark. */
export function javaUtf8(text: string): Uint8Array {
  return Buffer.from(text.isWellFormed() ? text : text.replace(loneSurrogate, '?'), 'utf8');
}
