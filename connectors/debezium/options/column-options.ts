import { type ConfigOf, type ConfigReport, type OptionPattern, options, type RawConfig } from '../../../src/contract/index.ts';
import { type ColumnRule, hashRule, maskRule, propagateColumnRule, propagateTypeRule, truncateRule } from '../column-rules.ts';
import { messageKeys } from '../message-keys.ts';
import { patternList } from '../patterns.ts';

const group = 'Columns';

/** What becomes of columns: keys, and types as parameters. Masks have names with a variable part: `columnPatterns`. */
export const columnOptions = {
  'message.key.columns': options.parsed(
    'STRING',
    {
      default: null,
      doc: 'Columns that make the key of the tables they match, in place of the primary key: schema.table:column,column;... The table is a Java regular expression.',
      importance: 'MEDIUM',
      group,
      displayName: 'Columns PK mapping',
    },
    messageKeys,
  ),
  'column.propagate.source.type': options.parsed(
    'LIST',
    {
      default: null,
      doc: 'Columns (schema.table.column, Java regular expressions) whose type, length and scale in the database are told as parameters of their schemas.',
      importance: 'MEDIUM',
      group,
      displayName: 'Propagate Source Types by Columns',
    },
    patternList,
  ),
  'datatype.propagate.source.type': options.parsed(
    'LIST',
    {
      default: null,
      doc: 'Types of columns (schema.table.type, Java regular expressions) for which column.propagate.source.type holds too.',
      importance: 'MEDIUM',
      group,
      displayName: 'Propagate Source Types by Data Type',
    },
    patternList,
  ),
};

const truncate = /^column\.truncate\.to\.(\d+)\.chars$/;
const mask = /^column\.mask\.with\.(\d+)\.chars$/;
const hash = /^column\.mask\.hash\.([^.]+)\.with\.salt\.(.+)$/;
const hashV2 = /^column\.mask\.hash\.v2\.([^.]+)\.with\.salt\.(.+)$/;

export const columnPatterns: readonly OptionPattern[] = [
  {
    pattern: truncate,
    doc: 'Columns (schema.table.column, Java regular expressions) whose values are cut to that length.',
    example: 'column.truncate.to.20.chars',
  },
  {
    pattern: mask,
    doc: 'Columns (schema.table.column, Java regular expressions) whose values are replaced by so many stars.',
    example: 'column.mask.with.12.chars',
  },
  {
    pattern: hash,
    doc: 'Columns (schema.table.column, Java regular expressions) whose values are replaced by their salted hash, computed over the text as Java serializes it.',
    example: 'column.mask.hash.SHA-256.with.salt.SALT',
  },
  {
    pattern: hashV2,
    doc: 'The same, with the hash computed over the text’s UTF-8 bytes.',
    example: 'column.mask.hash.v2.SHA-256.with.salt.SALT',
  },
];

/** An option's name without the salt it holds: the salt is a secret (invariant 8). */
function withoutSalt(name: string): string {
  return name.replace(/(\.with\.salt\.).+$/, '$1…');
}

/** The rules one kind of option makes, in the order in which they stand in the config. */
function rulesOf(
  raw: RawConfig,
  pattern: RegExp,
  report: ConfigReport,
  make: (match: RegExpExecArray, columns: string) => ColumnRule,
): ColumnRule[] {
  return Object.entries(raw).flatMap(([name, columns]) => {
    const match = pattern.exec(name);
    if (!match) return [];
    try {
      return [make(match, columns)];
    } catch (error) {
      report.fault(withoutSalt(name), `Invalid value for configuration ${withoutSalt(name)}: ${(error as Error).message}`);
      return [];
    }
  });
}

/** A mask is a text that every record of the column carries, so it has a bound; a truncated value is no longer than it was. */
const maskLengthMax = 10_000;

function length(digits: string | undefined, most: number): number {
  const number = Number(digits);
  if (number > most) throw new Error(`The length may be ${most} at most`);
  return number;
}

type MaskRules = { readonly before: readonly ColumnRule[]; readonly after: readonly ColumnRule[] };

/** Reads the options with variable names; reports what is wrong with them. */
export function readMasks(raw: RawConfig, report: ConfigReport): MaskRules {
  return {
    before: [
      ...rulesOf(raw, truncate, report, ([, digits], columns) => truncateRule(length(digits, 2 ** 31 - 1), patternList(columns))),
      ...rulesOf(raw, mask, report, ([, digits], columns) => maskRule(length(digits, maskLengthMax), patternList(columns))),
    ],
    after: [
      ...rulesOf(raw, hash, report, ([, algorithm = '', salt = ''], columns) => hashRule(1, algorithm, salt, patternList(columns))),
      ...rulesOf(raw, hashV2, report, ([, algorithm = '', salt = ''], columns) => hashRule(2, algorithm, salt, patternList(columns))),
    ],
  };
}

/** All column rules, in Debezium's order: of those that match a column, only the first is applied. */
export function readColumnRules(config: ConfigOf<typeof columnOptions>, masks: MaskRules): readonly ColumnRule[] {
  const columns = config['column.propagate.source.type'];
  const types = config['datatype.propagate.source.type'];
  return [
    ...masks.before,
    ...(columns === null ? [] : [propagateColumnRule(columns)]),
    ...(types === null ? [] : [propagateTypeRule(types)]),
    ...masks.after,
  ];
}
