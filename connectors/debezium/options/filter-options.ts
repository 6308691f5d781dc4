import { type ConfigOf, type ConfigReport, options, type RawConfig } from '../../../src/contract/index.ts';
import type { FilterSettings, Guardrail } from '../filters.ts';
import { patternList } from '../patterns.ts';

const group = 'Filters';

function patterns(doc: string, settings: { displayName: string; importance?: 'HIGH' | 'MEDIUM'; aliases?: readonly string[] }) {
  return options.parsed('LIST', { default: null, doc, group, importance: 'MEDIUM', ...settings }, patternList);
}

const anchored = 'Java regular expressions, separated by commas; each must match the whole name, in any case.';

/** Which schemas are captured, of a database that has them. */
export const schemaFilterOptions = {
  'schema.include.list': patterns(`Schemas to capture. ${anchored}`, {
    displayName: 'Include Schemas',
    importance: 'HIGH',
    aliases: ['schema.whitelist'],
  }),
  'schema.exclude.list': patterns(`Schemas not to capture. ${anchored}`, {
    displayName: 'Exclude Schemas',
    aliases: ['schema.blacklist'],
  }),
};

/** Which databases are captured, where a connector reads a whole server. */
export const databaseFilterOptions = {
  'database.include.list': patterns(`Databases to capture. ${anchored}`, {
    displayName: 'Include Databases',
    importance: 'HIGH',
    aliases: ['database.whitelist'],
  }),
  'database.exclude.list': patterns(`Databases not to capture. ${anchored}`, {
    displayName: 'Exclude Databases',
    aliases: ['database.blacklist'],
  }),
};

/** Which tables and columns are captured. */
export const tableFilterOptions = {
  'table.include.list': patterns(`Tables to capture, as schema.table (database.table where there are no schemas). ${anchored}`, {
    displayName: 'Include Tables',
    importance: 'HIGH',
    aliases: ['table.whitelist'],
  }),
  'table.exclude.list': patterns(`Tables not to capture, as schema.table (database.table where there are no schemas). ${anchored}`, {
    displayName: 'Exclude Tables',
    aliases: ['table.blacklist'],
  }),
  'column.include.list': patterns(`Columns that rows show, as schema.table.column. Keys keep their columns. ${anchored}`, {
    displayName: 'Include Columns',
    aliases: ['column.whitelist'],
  }),
  'column.exclude.list': patterns(`Columns that rows do not show, as schema.table.column. Keys keep their columns. ${anchored}`, {
    displayName: 'Exclude Columns',
    aliases: ['column.blacklist'],
  }),
  'table.ignore.builtin': options.boolean({
    default: 'true',
    doc: 'Leaves out the database’s own tables, whatever the lists say.',
    importance: 'LOW',
    group,
    displayName: 'Ignore system tables',
  }),
  'snapshot.include.collection.list': patterns(
    `Captured tables that snapshots read, as schema.table; all where it is not set. ${anchored}`,
    {
      displayName: 'Snapshot mode include data collection',
    },
  ),
  'guardrail.collections.max': options.int({
    default: '0',
    min: 0,
    doc: 'Tables that may be captured at most; 0: any number.',
    importance: 'LOW',
    group,
    displayName: 'Maximum number of captured tables',
  }),
  'guardrail.collections.limit.action': options.choice(['warn', 'fail'], {
    default: 'warn',
    doc: 'What happens where more tables are captured: a warning, or the task fails.',
    importance: 'LOW',
    group,
    displayName: 'Action on too many tables',
  }),
};

const everyList = { ...schemaFilterOptions, ...databaseFilterOptions, ...tableFilterOptions };

const pairs = [
  ['schema.include.list', 'schema.exclude.list'],
  ['database.include.list', 'database.exclude.list'],
  ['table.include.list', 'table.exclude.list'],
  ['column.include.list', 'column.exclude.list'],
] as const;

/** An include list and its exclude list do not go together. */
export function checkFilters(raw: RawConfig, report: ConfigReport): void {
  const given = (name: keyof typeof everyList) => [name, ...everyList[name].aliases].find(alias => raw[alias] !== undefined);
  for (const [include, exclude] of pairs) {
    const [included, excluded] = [given(include), given(exclude)];
    if (included !== undefined && excluded !== undefined) report.fault(excluded, `"${included}" is already specified; set one of the two.`);
  }
}

export function readFilters(
  config: ConfigOf<typeof tableFilterOptions>,
  containers: FilterSettings['containers'],
  signalTable: string | null,
): { filters: FilterSettings; guardrail: Guardrail } {
  return {
    filters: {
      containers,
      tableInclude: config['table.include.list'],
      tableExclude: config['table.exclude.list'],
      columnInclude: config['column.include.list'],
      columnExclude: config['column.exclude.list'],
      ignoreBuiltin: config['table.ignore.builtin'],
      signalTable,
      snapshotInclude: config['snapshot.include.collection.list'],
    },
    guardrail: { tablesMax: config['guardrail.collections.max'], action: config['guardrail.collections.limit.action'] },
  };
}
