// What Jackson's UTF8JsonGenerator escapes: controls, quote, backslash, and every surrogate, paired or not.
const escaped = /["\\\x00-\x1f\ud800-\udfff]/;
const eachEscaped = /["\\\x00-\x1f\ud800-\udfff]/g;

const short: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\f': '\\f',
  '\r': '\\r',
};

function escapeOf(unit: string): string {
  return short[unit] ?? '\\u' + unit.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
}

/**
 * A JSON string as Kafka Connect's JsonConverter writes it. Characters beyond the basic plane come as two upper-case escapes (`\uD83D\uDE00`):
 * Jackson writes them so into bytes, and keys are compared by their bytes.
 */
export function jsonString(text: string): string {
  return escaped.test(text) ? `"${text.replace(eachEscaped, escapeOf)}"` : `"${text}"`;
}
