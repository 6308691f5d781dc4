import type { Json, RestAnswer } from './exchange.ts';

type JsonMap = { [name: string]: Json };

const isMap = (value: Json | undefined): value is JsonMap => value !== null && typeof value === 'object' && !Array.isArray(value);
const maps = (value: Json | undefined): JsonMap[] => (Array.isArray(value) ? value.filter(isMap) : []);
const text = (value: Json | undefined) => (value === undefined || value === null ? null : String(value));

/** One option as a plugin's `config` answer has it. */
export type OptionDigest = {
  readonly name: string;
  readonly type: string | null;
  readonly required: boolean;
  readonly default: string | null;
  readonly importance: string | null;
  /** false: known, and refused by name when it is given. */
  readonly supported: boolean;
};

/** What is kept of answers that depend on the plugins installed. The documentation texts are each project's own. */
export type PluginDigest = {
  readonly status: number;
  /** Of errors. */
  readonly errorCode: number | null;
  /** Of GET /connector-plugins: `type class`, sorted. */
  readonly plugins: readonly string[];
  /** Of GET .../config. */
  readonly options: readonly OptionDigest[];
  /** Of PUT .../config/validate. */
  readonly validation: {
    readonly name: string | null;
    /** How many messages one fault gives is each project's own; `faulty` counts the options. */
    readonly valid: boolean;
    readonly names: readonly string[];
    readonly faulty: readonly string[];
    readonly definitionFields: readonly string[];
    readonly valueFields: readonly string[];
  } | null;
};

function option(definition: JsonMap): OptionDigest {
  return {
    name: String(definition['name']),
    type: text(definition['type']),
    required: definition['required'] === true,
    default: text(definition['default_value']),
    importance: text(definition['importance']),
    supported: !String(definition['documentation']).includes('Not supported'),
  };
}

function validation(body: JsonMap): PluginDigest['validation'] {
  const nameOf = ({ definition }: JsonMap) => String(isMap(definition) ? definition['name'] : definition);
  const configs = maps(body['configs']).filter(config => !nameOf(config).startsWith('internal.')); // undocumented, none of a user's business
  const fields = (part: string) => [...new Set(configs.flatMap(config => Object.keys(isMap(config[part]) ? config[part] : {})))].sort();
  // The reference leaves `value` null for a required option that was not given; its fault is counted all the same.
  const faulty = configs.filter(({ value }) => !isMap(value) || (Array.isArray(value['errors']) && value['errors'].length > 0));
  const names = (list: readonly JsonMap[]) => list.map(nameOf).sort();
  return {
    name: text(body['name']),
    valid: Number(body['error_count']) === 0,
    names: names(configs),
    faulty: names(faulty),
    definitionFields: fields('definition'),
    valueFields: fields('value'),
  };
}

/** Reduces an answer to what can be compared between two workers with different plugins. */
export function pluginDigest({ status, body }: RestAnswer): PluginDigest {
  const list = maps(body);
  return {
    status,
    errorCode: isMap(body) && 'error_code' in body ? Number(body['error_code']) : null,
    plugins: [...new Set(list.filter(item => 'class' in item).map(item => `${String(item['type'])} ${String(item['class'])}`))].sort(),
    options: list
      .filter(item => 'default_value' in item)
      .map(option)
      .filter(({ name }) => !name.startsWith('internal.')),
    validation: isMap(body) && 'configs' in body ? validation(body) : null,
  };
}
