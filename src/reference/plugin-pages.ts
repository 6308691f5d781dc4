import { sourceSpec } from '../engine/source/source-options.ts';
import { stageSpec } from '../engine/transform/transform-options.ts';
import { refusedClasses, registry } from '../registry.ts';
import { inline, type Links } from './inline.ts';
import { contents, groupContents, linksTo, reasonTable, refusedOf, supportedOptions, variableOptions } from './option-list.ts';
import { type PluginSection, pluginSection, pluginSections } from './plugin-sections.ts';
import { workerLinks } from './worker-page.ts';

/** What a reader looks for first. */
const firstGroups = ['Connection', 'Connection TLS', 'Connector', 'Topics', 'Filters', 'Columns', 'Values', 'Snapshot'];

/** A connector that has a page of its own. */
export type ConnectorPage = { readonly title: string; readonly class: string; readonly short: string; readonly groups: readonly string[] };

/** By the page's path. */
export const connectorPages: Readonly<Record<string, ConnectorPage>> = {
  'reference/connector-postgres.md': {
    title: 'PostgreSQL connector',
    class: 'io.debezium.connector.postgresql.PostgresConnector',
    short: 'postgres',
    groups: [...firstGroups, 'Replication'],
  },
  'reference/connector-mysql.md': {
    title: 'MySQL connector',
    class: 'io.debezium.connector.mysql.MySqlConnector',
    short: 'mysql',
    groups: [...firstGroups, 'Binlog', 'Schema history'],
  },
  'reference/connector-mariadb.md': {
    title: 'MariaDB connector',
    class: 'io.debezium.connector.mariadb.MariaDbConnector',
    short: 'mariadb',
    groups: [...firstGroups, 'Binlog', 'Schema history'],
  },
  'reference/connector-mongodb.md': {
    title: 'MongoDB connector',
    class: 'io.debezium.connector.mongodb.MongoDbConnector',
    short: 'mongodb',
    groups: ['Connection', 'Connection advanced', 'Connector', 'Topics', 'Filters', 'Capture', 'Snapshot'],
  },
};

const together = (...links: readonly Links[]): Links => new Map(links.flatMap(known => [...known]));

/** What every connector takes, whatever its class. */
export function commonPage(): string {
  const links = together(workerLinks('worker.md'), linksTo('', [sourceSpec]));
  return `# Options of every connector

${inline(sourceSpec.doc)} Those of a class stand on its page: [PostgreSQL](connector-postgres.md), [MySQL](connector-mysql.md),
[MariaDB](connector-mariadb.md), [MongoDB](connector-mongodb.md). A connector is a file that the [worker](worker.md#connectors) names, or is made by [REST](../rest.md).

${supportedOptions(sourceSpec, links, '##')}

## Options with names of your own
See also [transforms](transforms.md), [predicates](predicates.md) and [converters](converters.md).

${variableOptions(sourceSpec, links)}

\`\`\`yaml
topic.creation.groups: compacted
topic.creation.default.partitions: 3
topic.creation.default.replication.factor: -1
topic.creation.compacted.include: shop\\.public\\..*
topic.creation.compacted.cleanup.policy: compact
\`\`\`

## Refused
${reasonTable('Option', refusedOf(sourceSpec), links)}
`;
}

/** One of Debezium's connectors. */
export async function connectorPage({ title, class: className, short, groups }: ConnectorPage): Promise<string> {
  const { spec } = await registry.load('source', className);
  const set = { ...spec, groups };
  const links = together(linksTo('connector-common.md', [sourceSpec]), linksTo('', [set]));
  return `# ${title}

${inline(spec.doc)} Its class is \`${className}\`, short \`${short}\`. Names, defaults and older names are Debezium's. Beside these it takes
[what every connector takes](connector-common.md), and [transforms](transforms.md).

\`sluice check FILE\` checks a connector's file and tries the database: every fault at once, each with its remedy. An option that is
none of these has no effect, and a warning gives the nearest known name.

${groupContents(set, ['Options with a variable part in their names', 'Refused'])}

${supportedOptions(set, links, '##')}

## Options with a variable part in their names
${variableOptions(spec, links)}

## Refused
Options that Debezium knows. A connector that has one is not started; the message gives the reason.

${reasonTable('Option', refusedOf(spec), links)}
`;
}

const isOfDebezium = ({ classes }: PluginSection) => classes.some(name => name.startsWith('io.debezium.'));

export async function transformsPage(): Promise<string> {
  const sections = await pluginSections(['transformation']);
  const common = { ...stageSpec, scope: 'NAME.' };
  const links = together(linksTo('', [common]), linksTo('connector-common.md', [sourceSpec]));
  return `# Transforms

A connector's records go through its [transforms](connector-common.md#transforms) one after the other, before the converters. Each has a name of
your own, its class as \`type\`, and its options behind that name:

\`\`\`yaml
transforms: unwrap,route
transforms.unwrap.type: io.debezium.transforms.ExtractNewRecordState      # or short: unwrap
transforms.unwrap.add.fields: op,source.ts_ms
transforms.route.type: RegexRouter
transforms.route.regex: shop\\.public\\.(.*)
transforms.route.replacement: $1
transforms.route.predicate: orders
predicates: orders
predicates.orders.type: TopicNameMatches
predicates.orders.pattern: shop\\.public\\.order.*
\`\`\`

A transform that fails on a record names itself and the topic; [\`errors.tolerance\`](connector-common.md#errors.tolerance) says what becomes of
the record. Transforms are functions of the record alone: none asks a database or a network.

${contents(
  sections
    .filter((section, index) => sections.findIndex(({ title }) => title === section.title) === index)
    .map(({ title }) => title)
    .sort(),
)}

## Options of all
${supportedOptions(common, links, null)}

## Kafka Connect's
${sections
  .filter(section => !isOfDebezium(section))
  .map(pluginSection)
  .join('\n\n')}

## Debezium's
${sections.filter(isOfDebezium).map(pluginSection).join('\n\n')}

## Refused
${reasonTable('Class', refusedClasses, links)}
`;
}

export async function predicatesPage(): Promise<string> {
  const sections = await pluginSections(['predicate']);
  return `# Predicates

A predicate chooses records, and a [transform](transforms.md) with \`predicate: NAME\` transforms only those; with \`negate: true\` only the others.

\`\`\`yaml
predicates: tombstone
predicates.tombstone.type: RecordIsTombstone
transforms: drop
transforms.drop.type: org.apache.kafka.connect.transforms.Filter
transforms.drop.predicate: tombstone
\`\`\`

${sections.map(pluginSection).join('\n\n')}
`;
}

export async function convertersPage(): Promise<string> {
  const sections = await pluginSections(['converter', 'header_converter']);
  return `# Converters

A converter makes bytes of keys, values and headers. A connector names its own (\`key.converter\`, \`value.converter\`, \`header.converter\`) and gives
the options behind that name; one that names none has the [worker's](worker.md#key.converter), with the worker's options.

\`\`\`yaml
value.converter: org.apache.kafka.connect.json.JsonConverter      # or short: json
value.converter.schemas.enable: false
\`\`\`

${sections.map(pluginSection).join('\n\n')}
`;
}
