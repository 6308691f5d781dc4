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

/** A text of plain ASCII with nothing to escape, as most are; others are looked at by the slower pattern. */
const plain = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

/** A string in MongoDB’s extended JSON, as the Java driver writes it. */
export function quotedBsonText(text: string): string {
  return plain.test(text) ? `"${text}"` : `"${text.replace(escaped, escapedForm)}"`;
}
