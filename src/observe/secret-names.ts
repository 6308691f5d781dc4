/** What stands for a literal secret wherever one could be read (invariant 8). Fixed, so that it tells nothing of the secret's length. */
export const secretMask = '********';

/** Words that make an option's name a secret's, wherever they stand between dots, dashes or underscores. */
const secretWords = /(^|[._-])(password|passwd|pwd|passphrase|secret|secrets|token|tokens|credential|credentials|apikey)([._-]|$)/i;

/** Keys that are secrets: `ssl.keystore.key`, `api.key`, `private.key`, but never `key.converter` or `message.key.columns`. */
const secretKeys = /(^|[._-])(api|access|account|private|secret|encryption|signing|shared|keystore|ssl)[._-]key$/i;

/** Options that carry credentials inside a longer text. */
const secretTexts = /(^|[._-])(jaas\.config|user\.info|authorization|auth\.header)$/i;

/** Names that hold a secret's word and yet name something else: the place of a secret, or its lifetime. */
const notSecret =
  /[._-](class|file|path|location|type|algorithm|endpoint\.url|url|uri|scope|claim\.name|format|name|ms|seconds|enable|enabled|columns)$/i;

/**
 * Whether an option of this name holds a secret: the one rule for REST answers and log lines. A name holds a word such as
 * `password`, `secret`, `token` or `credentials`, or ends in a key of a known kind (`api.key`, `private.key`, `keystore.key`).
 */
export function namesSecret(name: string): boolean {
  if (secretTexts.test(name) || secretKeys.test(name)) return true;
  return secretWords.test(name) && !notSecret.test(name);
}

/** The password of `scheme://user:password@host`, as connection strings have it. */
const urlPassword = /\b([a-z][a-z0-9+.:-]*:\/\/[^/\s:@]*:)([^/\s@]+)(@)/gi;

/** A text with the passwords of the connection strings in it masked. */
export function maskConnectionStrings(text: string): string {
  return text.replace(urlPassword, `$1${secretMask}$3`);
}

/** Fields of a log line with what names a secret masked, at any depth a log line has (six at most; deeper is left out). */
export function redactFields(fields: object, depth = 0): object {
  const shown: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (namesSecret(name) && typeof value === 'string') shown[name] = secretMask;
    else if (value !== null && typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype)
      shown[name] = depth < 6 ? redactFields(value, depth + 1) : '...';
    else if (typeof value === 'bigint') shown[name] = String(value);
    else shown[name] = value;
  }
  return shown;
}
