import { type ConfigSpec, configSpec, options, type Plugin, Struct, type Transform } from '../../src/contract/index.ts';
import { transformFailed } from './envelope.ts';

const eventTypes = ['CREATE', 'ALTER', 'DROP', 'TRUNCATE', 'DATABASE'] as const;

const filterSpec: ConfigSpec<ReadonlySet<string>> = configSpec({
  doc: 'Drops events of a schema change topic by their kind. Other records pass, so it changes nothing for a database that has no such topic.',
  options: {
    'schema.change.event.exclude.list': options.list({
      importance: 'HIGH',
      displayName: 'Schema change event exclude list',
      doc: `Kinds of schema changes that are not published: ${eventTypes.join(', ')}.`,
    }),
  },
  refine(config, _raw, report): ReadonlySet<string> {
    const excluded = config['schema.change.event.exclude.list'];
    for (const type of excluded) {
      if (!eventTypes.some(known => known === type))
        report.fault('schema.change.event.exclude.list', `'${type}' is none of ${eventTypes.join(', ')}`);
    }
    return new Set(excluded);
  },
});

/**
 * io.debezium.transforms.SchemaChangeEventFilter: drops schema change events of the kinds listed. The first table change tells an event's
 * kind, an event with none is of kind DATABASE. Other records pass.
 */
export const schemaChangeEventFilter: Plugin<ReadonlySet<string>, Transform> = {
  spec: filterSpec,
  create: excluded => record => {
    const name = record.valueSchema?.name;
    if (record.value === null || !(name?.endsWith('.SchemaChangeValue') || name?.endsWith('.SchemaChangeKey'))) return record;
    if (!(record.value instanceof Struct)) throw transformFailed('SchemaChangeEventFilter', record, 'the value is no struct');
    const tableChanges = record.value.get('tableChanges') ?? null;
    if (tableChanges === null) return null;
    if (!Array.isArray(tableChanges)) throw transformFailed('SchemaChangeEventFilter', record, "field 'tableChanges' is no list");
    const [first] = tableChanges;
    const type = first === undefined ? 'DATABASE' : first instanceof Struct ? first.get('type') : undefined;
    if (typeof type !== 'string' || !eventTypes.some(known => known === type))
      throw transformFailed('SchemaChangeEventFilter', record, 'the first table change has none of the known types');
    return excluded.has(type) ? null : record;
  },
};
