import { type SinkRecord, Struct } from '../../src/contract/index.ts';
import type { JdbcConfig } from './options.ts';
import { ShapelessRecord } from './row-shape.ts';

/** A table as SQL names it; without a schema it is where the session looks first. */
export type TableName = { readonly schema: string | null; readonly table: string };

/** The table of a record by collection.name.format, as Debezium's DefaultCollectionNamingStrategy has it. Throws ShapelessRecord. */
export function tableName(record: SinkRecord, { collectionNameFormat, quoteIdentifiers }: JdbcConfig): TableName {
  const withTopic = collectionNameFormat.replaceAll('${topic}', record.topic.replaceAll('.', '_'));
  const text = withTopic.replaceAll(/\$\{source\.(\w+)\}/g, (_, field: string) => {
    const source =
      record.value instanceof Struct ? record.value.get('source') : record.value instanceof Map ? record.value.get('source') : null;
    const value = source instanceof Struct || source instanceof Map ? source.get(field) : null;
    if (typeof value !== 'string') throw new ShapelessRecord(`its table is named by \${source.${field}}, which it does not have`);
    return value;
  });
  const folded = quoteIdentifiers ? text : text.toLowerCase();
  const dot = folded.indexOf('.');
  return dot < 0 ? { schema: null, table: folded } : { schema: folded.slice(0, dot), table: folded.slice(dot + 1) };
}
