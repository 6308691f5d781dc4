/** Values of `schema.name.adjustment.mode` and `field.name.adjustment.mode`. */
export const adjustmentModes = ['none', 'avro', 'avro_unicode'] as const;

export type AdjustmentMode = (typeof adjustmentModes)[number];

/** Turns a name into one that Avro takes. */
export type NameAdjuster = (name: string) => string;

const underscored: (character: string) => string = () => '_';
// Debezium pads two hex digits and fewer with two zeros, so a control character below 16 gets three digits.
const unicode = (character: string) => {
  const hex = character.charCodeAt(0).toString(16);
  return `_u${hex.length <= 2 ? `00${hex}` : hex}`;
};

/**
 * By Debezium's SchemaNameAdjuster. avro: what is no letter, digit or underscore becomes an underscore, and a leading digit gets one before
 * it. avro_unicode: such characters, and the underscore itself, become `_u` and their hex code. Dots stay in schema names, not in field names.
 */
export function nameAdjuster(mode: AdjustmentMode, kind: 'schema' | 'field'): NameAdjuster {
  if (mode === 'none') return name => name;
  const underscore = mode === 'avro' ? '_' : '';
  const first = new RegExp(`[A-Za-z${underscore}]`);
  const others = new RegExp(`[A-Za-z0-9${underscore}${kind === 'schema' ? '.' : ''}]`);
  const replaced = mode === 'avro' ? underscored : unicode;
  return name => {
    let adjusted = '';
    for (let at = 0; at < name.length; at++) {
      const character = name[at] ?? '';
      if ((at === 0 ? first : others).test(character)) adjusted += character;
      else adjusted += replaced(character) + (at === 0 && mode === 'avro' && /[0-9]/.test(character) ? character : '');
    }
    return adjusted;
  };
}
