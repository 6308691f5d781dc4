import {
  type ConfigOf,
  type ConfigSpec,
  type ConnectRecord,
  configSpec,
  javaRegex,
  matchesWhole,
  options,
} from '../../../src/contract/index.ts';
import { requireRegex } from '../regex-option.ts';
import { compileExpression, differenceFromGroovy, type Expression, isCel } from './expression.ts';

/** The resolved config of Filter and ContentBasedRouter. */
export type ScriptingConfig = {
  readonly expression: Expression;
  readonly applies: (topic: string) => boolean;
  readonly nulls: 'keep' | 'drop' | 'evaluate';
};

const variablesDoc =
  'Variables: value and key (value.after.id, value.op), valueSchema and keySchema (valueSchema.name), topic, header (header.name.value).';

const common = {
  language: options.string({
    importance: 'HIGH',
    displayName: 'Expression language',
    doc:
      'cel, the Common Expression Language: safe, typed, without loops. jsr223.groovy is taken where the expression is CEL as it stands and ' +
      "means the same (value.op == 'u' && value.before.id == 2); other languages are refused.",
  }),
  'topic.regex': options.string({
    default: null,
    importance: 'LOW',
    displayName: 'Topic regex',
    doc: 'A Java regular expression; records of topics that it does not match as a whole pass as they are. Unset: all are looked at.',
    validate: requireRegex,
  }),
  'null.handling.mode': options.choice(['keep', 'drop', 'evaluate'], {
    default: 'keep',
    importance: 'LOW',
    displayName: 'Handle null records',
    doc: 'What becomes of tombstones: keep passes them, drop drops them, evaluate hands them to the expression (value is null).',
  }),
};

/** Options that both transforms have, and one for the expression. */
function scriptingSpec(
  purpose: string,
  name: 'condition' | 'topic.expression',
  displayName: string,
  doc: string,
  types: readonly string[],
): ConfigSpec<ScriptingConfig> {
  const known = { ...common, [name]: options.string({ importance: 'HIGH', displayName, doc: `${doc} ${variablesDoc}` }) };
  return configSpec({
    doc: purpose,
    options: known,
    refine(config: ConfigOf<typeof common> & Readonly<Record<string, unknown>>, raw, report): ScriptingConfig {
      const text = raw[name] ?? '';
      const regex = config['topic.regex'];
      let expression: Expression = { evaluate: () => null };
      const refusal = languageRefusal(config.language.trim(), text, name);
      if (refusal !== null) report.fault('language', refusal);
      else {
        try {
          expression = compileExpression(text, types);
        } catch (error) {
          report.fault(name, (error as Error).message);
        }
      }
      return {
        expression,
        applies: regex === null || regex === '' ? () => true : matchesWhole(javaRegex(regex)),
        nulls: config['null.handling.mode'],
      };
    },
  });
}

/** Why an expression of this language is not run; null where it is. */
function languageRefusal(language: string, text: string, option: string): string | null {
  const lower = language.toLowerCase();
  if (lower === 'cel') return null;
  const known = lower.startsWith('jsr223.') || lower.startsWith('wasm.');
  if (!known) return `There is no language '${language}'; use language=cel.`;
  // The usual condition in JavaScript differs from CEL in its operators for equality alone.
  const translated = text.replaceAll('===', '==').replaceAll('!==', '!=');
  const example = isCel(translated) ? `language=cel, ${option}=${translated}` : `language=cel, for example ${option}=value.op == 'u'`;
  if (lower !== 'jsr223.groovy') return `The language '${language}' is not supported. Write the expression in CEL: ${example}`;
  let difference: string | null;
  try {
    difference = differenceFromGroovy(text);
  } catch (error) {
    difference = (error as Error).message;
  }
  return difference === null
    ? null
    : `The language '${language}' is supported only where the expression is also CEL: ${difference}. Write it in CEL: ${example}`;
}

/** The options of io.debezium.transforms.Filter. */
export const filterSpec = scriptingSpec(
  'Keeps the records for which an expression is true.',
  'condition',
  'Filtering condition',
  'Records for which it is true stay, others are dropped.',
  ['bool'],
);

/** The options of io.debezium.transforms.ContentBasedRouter. */
export const routerSpec = scriptingSpec(
  'Chooses each record’s topic by an expression.',
  'topic.expression',
  'Topic name expression',
  'Gives the topic of a record, or null: it keeps its topic.',
  ['string', 'null'],
);

/** What is to be done with a record before the expression: `pass` and `drop` end it. */
export function beforeExpression(record: ConnectRecord, { applies, nulls }: ScriptingConfig): 'pass' | 'drop' | 'evaluate' {
  if (!applies(record.topic)) return 'pass';
  if (record.value !== null || nulls === 'evaluate') return 'evaluate';
  return nulls === 'keep' ? 'pass' : 'drop';
}
