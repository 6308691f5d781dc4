import type { Document } from 'mongodb';
import { type ConfigOf, type ConfigReport, type OptionPattern, options, type RawConfig } from '../../src/contract/index.ts';
import { patternList } from '../debezium/patterns.ts';
import { CollectionFilters, literalList } from './collection-filters.ts';
import type { CollectionId } from './collection-id.ts';
import { excludedFields, type FieldRuleList, renamedFields } from './field-rules.ts';
import { parseExtendedJson } from './options-capture.ts';

const group = 'Filters';
const anchored =
  'Java regular expressions (or names, with filters.match.mode=literal), separated by commas; each must match the whole name.';

function list(doc: string, displayName: string, aliases: readonly string[] = []) {
  return options.string({ default: null, doc: `${doc} ${anchored}`, importance: 'HIGH', group, displayName, aliases });
}

export const filterOptions = {
  'database.include.list': list('Databases to capture.', 'Include Databases', ['database.whitelist']),
  'database.exclude.list': list('Databases not to capture.', 'Exclude Databases', ['database.blacklist']),
  'collection.include.list': list('Collections to capture, as database.collection.', 'Include Collections', ['collection.whitelist']),
  'collection.exclude.list': list('Collections not to capture, as database.collection.', 'Exclude Collections', ['collection.blacklist']),
  'filters.match.mode': options.choice(['regex', 'literal'], {
    default: 'regex',
    doc: 'How the lists of databases and collections are read: as Java regular expressions in any case, or as names.',
    importance: 'MEDIUM',
    group,
    displayName: 'Database and collection include/exclude match mode',
  }),
  'field.exclude.list': options.parsed(
    'LIST',
    {
      default: '',
      doc: 'Fields that documents are published without: database.collection.field.field, separated by commas; * in the first two stands for any characters.',
      importance: 'MEDIUM',
      group,
      displayName: 'Exclude Fields',
      aliases: ['field.blacklist'],
    },
    excludedFields,
  ),
  'field.renames': options.parsed(
    'LIST',
    {
      default: '',
      doc: 'Fields that documents are published with under another name: database.collection.field.field:newName, separated by commas.',
      importance: 'MEDIUM',
      group,
      displayName: 'Rename Fields',
    },
    renamedFields,
  ),
  'snapshot.include.collection.list': list(
    'Captured collections that snapshots read; all where it is not set.',
    'Snapshot mode include data collection',
  ),
  'snapshot.collection.filter.overrides': options.list({
    default: '',
    doc: 'Collections (database.collection, separated by commas) of which a snapshot reads only what a filter finds: snapshot.collection.filter.overrides.database.collection.',
    importance: 'MEDIUM',
    group: 'Snapshot',
    displayName: 'Snapshot collection filter overrides',
  }),
};

const overridePrefix = 'snapshot.collection.filter.overrides.';

export const filterPatterns: readonly OptionPattern[] = [
  {
    pattern: /^snapshot\.collection\.filter\.overrides\..+$/,
    doc: 'The filter (extended JSON, as of find) by which a snapshot reads a collection that snapshot.collection.filter.overrides lists.',
    example: 'snapshot.collection.filter.overrides.shop.orders',
  },
];

const lists = ['database.include.list', 'database.exclude.list', 'collection.include.list', 'collection.exclude.list'] as const;
const patternLists = [...lists, 'snapshot.include.collection.list'] as const;

/** Lists that do not compile, and include lists beside their exclude lists. */
export function checkFilters(raw: RawConfig, report: ConfigReport): void {
  const given = (name: (typeof patternLists)[number]) => [name, ...filterOptions[name].aliases].find(alias => raw[alias] !== undefined);
  for (const name of patternLists) {
    const option = given(name);
    if (option === undefined || raw['filters.match.mode']?.trim().toLowerCase() === 'literal') continue;
    try {
      patternList(raw[option]!);
    } catch (error) {
      report.fault(option, `Invalid value ${raw[option]} for configuration ${option}: ${(error as Error).message}`);
    }
  }
  for (const [include, exclude] of [
    [lists[0], lists[1]],
    [lists[2], lists[3]],
  ] as const) {
    const [included, excluded] = [given(include), given(exclude)];
    if (included !== undefined && excluded !== undefined) report.fault(excluded, `"${included}" is already specified; set one of the two.`);
  }
}

type FilterConfig = ConfigOf<typeof filterOptions>;

/** `signals`: the collection of signals, which is captured too; null: none. */
export function readCollectionFilters(config: FilterConfig, signals: CollectionId | null): CollectionFilters {
  const read = config['filters.match.mode'] === 'literal' ? literalList : patternList;
  const of = (name: (typeof patternLists)[number]) => {
    const text = config[name];
    return text === null || text.trim() === '' ? null : read(text);
  };
  return new CollectionFilters({
    databaseInclude: of('database.include.list'),
    databaseExclude: of('database.exclude.list'),
    collectionInclude: of('collection.include.list'),
    collectionExclude: of('collection.exclude.list'),
    snapshotInclude: of('snapshot.include.collection.list'),
    signals,
  });
}

export function readFieldRules(config: FilterConfig): FieldRuleList {
  return [...config['field.exclude.list'], ...config['field.renames']];
}

/** The filters of single collections by `database.collection`. */
export function readSnapshotFilters(config: FilterConfig, raw: RawConfig, report: ConfigReport): ReadonlyMap<string, Document> {
  const found = new Map<string, Document>();
  const listed = config['snapshot.collection.filter.overrides'];
  for (const name of listed) {
    const text = raw[overridePrefix + name];
    if (text === undefined) {
      report.warning('snapshot.collection.filter.overrides', `There is no filter ${overridePrefix}${name}; the whole collection is read.`);
      continue;
    }
    try {
      const filter = parseExtendedJson(text);
      if (filter === null || typeof filter !== 'object' || Array.isArray(filter)) throw new Error('no document');
      found.set(name, filter);
    } catch {
      report.fault(overridePrefix + name, `Invalid value for configuration ${overridePrefix}${name}: it must be a JSON document`);
    }
  }
  for (const name of Object.keys(raw)) {
    if (!name.startsWith(overridePrefix) || listed.includes(name.slice(overridePrefix.length))) continue;
    report.warning(name, `${name} has no effect: snapshot.collection.filter.overrides does not list the collection.`);
  }
  return found;
}
