import {
  arraySchema,
  type ConfigOf,
  configSpec,
  options,
  type Plugin,
  type Schema,
  SluiceError,
  Struct,
  schemaOf,
  schemas,
  structSchema,
  type Transform,
  type Value,
} from '../../src/contract/index.ts';
import { envelopeOf, layoutOf, structAt, transformFailed } from './envelope.ts';
import { adjustmentModes, type NameAdjuster, nameAdjuster } from './name-adjustment.ts';
import { basicsOf, namedFields, structWith } from './schema-copy.ts';

const schemaOptions = {
  'schema.name.adjustment.mode': options.choice(adjustmentModes, {
    default: 'none',
    importance: 'LOW',
    displayName: 'Schema Name Adjustment',
    doc: 'How names of the schemas that are added are adjusted: none, avro, avro_unicode.',
  }),
};

/** What is added to every record of one envelope schema. */
type Addition = { readonly schema: Schema; readonly sourceSchema: Struct };

const parameterPrefix = '__debezium.source.column.';

/**
 * io.debezium.transforms.ExtractSchemaToNewRecord: adds `sourceSchema` to the envelope, a description of the table's columns. The connector
 * must propagate the source types of all columns (`column.propagate.source.type=.*`). Truncates pass.
 */
export const extractSchemaToNewRecord: Plugin<ConfigOf<typeof schemaOptions>, Transform> = {
  spec: configSpec({
    doc: 'Adds `sourceSchema` to the envelope: a description of the table’s columns. The connector must propagate the types of all columns (`column.propagate.source.type=.*`).',
    options: schemaOptions,
  }),
  sharedHeaders: 'keeps',
  create(config) {
    const shapes = new SourceSchemas(nameAdjuster(config['schema.name.adjustment.mode'], 'schema'));
    const additions = new WeakMap<Schema, Addition>();
    return record => {
      const envelope = envelopeOf(record);
      if (envelope === null) return record;
      const { before, after } = layoutOf(envelope.schema);
      if (structAt(envelope, before) === null && structAt(envelope, after) === null) return record;
      try {
        let addition = additions.get(envelope.schema);
        if (addition === undefined) {
          addition = shapes.additionFor(envelope);
          additions.set(envelope.schema, addition);
        }
        const value = new Struct(addition.schema, [...envelope.values, addition.sourceSchema]);
        return { ...record, valueSchema: value.schema, value };
      } catch (error) {
        throw error instanceof SluiceError ? error : transformFailed('ExtractSchemaToNewRecord', record, (error as Error).message, error);
      }
    };
  },
};

/** The schemas of the description, by Debezium's SchemaFactory. */
class SourceSchemas {
  readonly #column: Schema;
  readonly #table: Schema;
  readonly #source: Schema;

  constructor(adjust: NameAdjuster) {
    this.#column = structSchema(
      [
        ['name', schemas.string],
        ['typeName', schemas.string],
        ['length', schemas.optionalInt32],
        ['scale', schemas.optionalInt32],
        ['comment', schemas.optionalString],
      ],
      { name: adjust('io.debezium.connector.source.schema.Column'), version: 1 },
    );
    this.#table = structSchema([['columns', arraySchema(this.#column)]], { name: 'io.debezium.connector.source.schema.Table', version: 1 });
    this.#source = structSchema(
      [
        ['id', schemaOf('string')],
        ['table', this.#table],
      ],
      { name: adjust('io.debezium.connector.source.Schema'), version: 1 },
    );
  }

  additionFor(envelope: Struct): Addition {
    const layout = layoutOf(envelope.schema);
    const row = envelope.schema.fields[layout.after]?.schema;
    const table = structAt(envelope, layout.source)?.get('table') ?? null;
    const columns = (row?.fields ?? []).map(({ name, schema }) => this.#describe(name, schema));
    return {
      schema: structWith([...namedFields(envelope.schema.fields), ['sourceSchema', this.#source]], basicsOf(envelope.schema)),
      sourceSchema: new Struct(this.#source, [table, new Struct(this.#table, [columns])]),
    };
  }

  #describe(field: string, schema: Schema): Struct {
    const text = (name: string) => schema.parameters?.[parameterPrefix + name] ?? null;
    const number = (name: string): Value => (text(name) === null ? null : Number(text(name)));
    const [name, type] = [text('name'), text('type')];
    if (name === null || type === null)
      throw new Error(`column '${field}' has no source type; set column.propagate.source.type or datatype.propagate.source.type to .*`);
    return new Struct(this.#column, [name, type, number('length'), number('scale'), text('comment')]);
  }
}
