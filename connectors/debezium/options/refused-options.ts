import type { ConfigReport, OptionPattern, RawConfig } from '../../../src/contract/index.ts';
import { unsupportedOptions } from './limited.ts';

const plugins = 'Java classes cannot be loaded.';
const openLineage = 'OpenLineage is not supported.';
const jmx = 'There are no MBeans; GET /sluice/connectors/NAME has position, lag and rates.';
const configurationBased = 'Use snapshot.mode initial, initial_only, no_data, always or when_needed.';

/** Options of Debezium’s relational connectors that are refused by name (invariant 5). */
export const refusedOptions = unsupportedOptions({
  converters: `${plugins} Use a transform for what a converter would do.`,
  'post.processors': `${plugins} Use a transform for what a processor would do.`,
  'sourceinfo.struct.maker': `${plugins} The source block has Debezium’s own fields.`,
  'transaction.metadata.factory': `${plugins} Transaction metadata has Debezium’s own form.`,
  'queue.provider.type': `${plugins} max.queue.size bounds what is read ahead.`,
  'internal.schemas.storage.class': plugins,
  'internal.tables.storage.class': plugins,
  'snapshot.mode.custom.name': plugins,
  'snapshot.locking.mode.custom.name': plugins,
  'snapshot.query.mode.custom.name': plugins,
  'snapshot.custom.class': plugins,
  'snapshot.max.threads.multiplier': 'snapshot.fetch.size sets the size of a chunk.',
  'snapshot.tables.order.by.row.count': 'Snapshots read the tables in the order of table.include.list, then of their names.',
  'query.fetch.size': 'snapshot.fetch.size sets how many rows a snapshot reads at once; other queries have few.',
  'custom.metric.tags': jmx,
  'statistics.metrics.enabled': jmx,
  'internal.advanced.metrics.enable': jmx,
  'custom.sanitize.pattern': 'Passwords and what config providers insert are never shown; use a provider for other secrets.',
  'database.query.timeout.ms': 'Queries read the catalog and end by themselves; a snapshot takes as long as it needs.',
  'executor.shutdown.timeout.ms': 'A task ends as soon as its last batch is durable.',
  'connection.validation.timeout.ms': 'Checks of a config have bounds of their own.',
  'internal.custom.retriable.exception': 'What is tried again is decided by the error’s code: docs/errors.md lists them.',
  'internal.snapshot.scan.all.columns.force': 'A snapshot asks for the columns of the captured tables only.',
  'internal.log.position.check.enable': 'The stored position is checked at every start; snapshot.mode=when_needed heals one that is lost.',
  'transaction.topic': 'Use topic.transaction, which stands behind the prefix.',
});

/** Refused by connectors that read one database with schemas. */
export const refusedDatabaseLists = unsupportedOptions({
  'database.include.list': 'A connector reads one database.',
  'database.exclude.list': 'A connector reads one database.',
  'database.whitelist': 'A connector reads one database.',
  'database.blacklist': 'A connector reads one database.',
});

/** Beginnings of names, with the reason why they are refused. */
export type RefusedPrefixes = readonly (readonly [prefix: string, reason: string])[];

export const refusedPrefixes: RefusedPrefixes = [
  ['openlineage.', openLineage],
  ['memory.management.', plugins],
  ['snapshot.mode.configuration.based.', configurationBased],
  ['driver.', 'There is no JDBC driver whose properties could be set.'],
];

/** Refused by connectors without a schema history. */
export const refusedHistoryPrefixes: RefusedPrefixes = [
  ['schema.history.internal', 'This database tells the schema with its changes; there is no schema history.'],
  ['database.history', 'This database tells the schema with its changes; there is no schema history.'],
];

/** The same for options whose names have a variable part. */
export function refusedPatterns(prefixes: RefusedPrefixes): readonly OptionPattern[] {
  return prefixes.map(([prefix, reason]) => ({
    pattern: new RegExp(`^${prefix.replaceAll('.', '\\.')}`),
    doc: `Not supported. ${reason}`,
    unsupported: reason,
    example: `${prefix}…`,
  }));
}

export function checkRefused(raw: RawConfig, report: ConfigReport, prefixes: RefusedPrefixes): void {
  for (const name of Object.keys(raw)) {
    if (name in refusedOptions) continue;
    const refused = prefixes.find(([prefix]) => name.startsWith(prefix));
    if (refused) report.fault(name, `The option '${name}' is not supported: ${refused[1]}`);
  }
}
