/** How names that Avro does not allow are changed (`schema.name.adjustment.mode`, `field.name.adjustment.mode`). */
export type NameAdjustmentMode = 'none' | 'avro' | 'avro_unicode';

/** Maps a proposed name to the one used. */
export type NameAdjuster = (name: string) => string;

type Rules = {
  /** One UTF-16 unit at the beginning. */
  readonly first: RegExp;
  /** One UTF-16 unit behind it. */
  readonly rest: RegExp;
  readonly replacement: (unit: string) => string;
  /** A leading digit stays, behind its replacement, so that names that differ only there stay different. */
  readonly keepsLeadingDigit: boolean;
};

const underscore = () => '_';

/** The underscore escapes, so it is escaped itself. Three hexadecimal digits stay three, as Debezium writes them. */
function unicodeEscape(unit: string): string {
  const hex = unit.charCodeAt(0).toString(16);
  return `_u${hex.length <= 2 ? '00' : ''}${hex}`;
}

const schemaRules: Readonly<Record<Exclude<NameAdjustmentMode, 'none'>, Rules>> = {
  avro: { first: /[a-zA-Z_]/, rest: /[a-zA-Z_0-9.]/, replacement: underscore, keepsLeadingDigit: true },
  avro_unicode: { first: /[a-zA-Z]/, rest: /[a-zA-Z0-9.]/, replacement: unicodeEscape, keepsLeadingDigit: false },
};

/** A field's name has no namespace, so no dots. */
const fieldRules: typeof schemaRules = {
  avro: { ...schemaRules.avro, rest: /[a-zA-Z_0-9]/ },
  avro_unicode: { ...schemaRules.avro_unicode, rest: /[a-zA-Z0-9]/ },
};

function adjuster(rules: Rules): NameAdjuster {
  return name => {
    let adjusted = '';
    for (let index = 0; index < name.length; index++) {
      const unit = name.charAt(index);
      if ((index === 0 ? rules.first : rules.rest).test(unit)) adjusted += unit;
      else {
        adjusted += rules.replacement(unit);
        if (index === 0 && rules.keepsLeadingDigit && /\p{Nd}/u.test(unit)) adjusted += unit;
      }
    }
    return adjusted;
  };
}

const unchanged: NameAdjuster = name => name;

/** Names of schemas (Debezium's SchemaNameAdjuster). */
export function schemaNameAdjuster(mode: NameAdjustmentMode): NameAdjuster {
  return mode === 'none' ? unchanged : adjuster(schemaRules[mode]);
}

/** Names of fields, from names of columns. */
export function fieldNameAdjuster(mode: NameAdjustmentMode): NameAdjuster {
  return mode === 'none' ? unchanged : adjuster(fieldRules[mode]);
}
