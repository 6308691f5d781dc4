/**
 * What Java's StrictCharacterStreamJsonWriter writes as it is: letters but modifiers, numbers, blanks, punctuation and symbols. Every other
 * UTF-16 unit is escaped, both of a pair of surrogates too, whatever they stand for.
 */
const escaped =
  /["\\]|[^\p{Lu}\p{Ll}\p{Lt}\p{Lo}\p{Nd}\p{Nl}\p{No}\p{Zs}\p{Pc}\p{Pd}\p{Ps}\p{Pe}\p{Pi}\p{Pf}\p{Po}\p{Sm}\p{Sc}\p{Sk}\p{So}]|[\u{10000}-\u{10ffff}]/gu;

const short: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

function escapedForm(character: string): string {
  const known = short[character];
  if (known !== undefined) return known;
  let text = '';
  for (let index = 0; index < character.length; index++) text += `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`;
  return text;
}

/** Whether a text of plain ASCII has nothing to escape; other texts are looked at by the pattern. */
function plain(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit < 0x20 || unit > 0x7e || unit === 0x22 || unit === 0x5c) return false;
  }
  return true;
}

/** A string as JSON. */
export function quoted(text: string): string {
  return text.length <= 64 && plain(text) ? `"${text}"` : `"${text.replace(escaped, escapedForm)}"`;
}
