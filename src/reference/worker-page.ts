import { listenerTlsPatterns, listenerTlsSpec } from '../config/rest-tls-options.ts';
import { servicePatterns, serviceSpecs } from '../config/services/service-options.ts';
import { acceptedWithoutEffect, workerSpec } from '../config/worker-options.ts';
import type { OptionMap } from '../contract/index.ts';
import { consumerSpec } from '../log/consumer-config.ts';
import { connectionSpec } from '../log/kafka/connection-config.ts';
import { kafkaLogSpec } from '../log/kafka/log-config.ts';
import { producerSpec } from '../log/kafka/producer-config.ts';
import type { Links } from './inline.ts';
import { linksTo, type OptionSet, reasonTable, refusedOf, supportedOptions, variableOptions } from './option-list.ts';

/** The options of a spec that the worker's own does not describe already. */
function further(options: OptionMap): OptionMap {
  return Object.fromEntries(Object.entries(options).filter(([name]) => !(name in workerSpec.options)));
}

const own: OptionSet = workerSpec;
const kafka: OptionSet = { options: further(kafkaLogSpec.options), patterns: kafkaLogSpec.patterns };
const connection: OptionSet = { options: further(connectionSpec.options) };
const producer: OptionSet = { options: producerSpec.options, prefix: 'producer.' };
const consumer: OptionSet = { options: consumerSpec.options, prefix: 'consumer.' };
const tls: OptionSet = { options: listenerTlsSpec.options, prefix: 'listeners.https.' };
const services: readonly (OptionSet & { readonly name: string; readonly doc: string })[] = Object.entries(serviceSpecs).map(
  ([name, { options, doc }]) => ({ name, doc, options, prefix: `services.${name}.` }),
);
const sets = [own, tls, ...services, kafka, connection, producer, consumer];

/** The worker's options, for links from other pages. */
export const workerLinks = (page: string): Links => linksTo(page, sets);

export function workerPage(): string {
  const links = workerLinks('');
  const elsewhere = new Set(['producer.compression.type', ...[...listenerTlsPatterns, ...servicePatterns].map(({ example }) => example)]);
  const converters = own.patterns?.filter(({ example }) => !elsewhere.has(example)) ?? [];
  return `# The worker's options

A worker file is YAML, JSON or Java properties; names are flat (\`data.dir: data\`) or nested. Kafka Connect's options have Connect's names. An empty
file will do: every option has a default. [config/worker.yaml](../../config/worker.yaml) is a file to start from, \`sluice check FILE\` checks one and
\`sluice run -c FILE\` runs it. Options of connectors have pages of their own: [those of all](connector-common.md) and
[PostgreSQL's](connector-postgres.md), [MySQL's](connector-mysql.md), [MariaDB's](connector-mariadb.md).

Values may hold placeholders: \`\${file:/path:key}\` (a key of a properties file), \`\${env:NAME}\` (a variable of the environment),
\`\${dir:/path:file}\` (a whole file).

${supportedOptions(own, links, '##')}

## TLS of the REST listeners
Of the https addresses in [\`listeners\`](#listeners), Kafka's options under Kafka Connect's names; [access](../access.md) has an example. For those in
[\`admin.listeners\`](#admin.listeners) the same, with \`admin.listeners.https.\` before the names. Where none is given with its prefix, those without one
count (\`ssl.keystore.location\` ...), which the Kafka clients have too, as in Connect.

${supportedOptions(tls, links, null)}

## Services
What the worker runs beside its connectors: each service that the file names, \`services: {event-store: {}}\` with all its defaults. A name that no service
or option has is a fault. \`GET /sluice/services\` shows what they do.

${services.map(set => `### ${set.name}\n${set.doc}\n\n${supportedOptions(set, links, '####')}`).join('\n\n')}

## Options with names of your own
${variableOptions({ options: {}, patterns: converters }, links)}

## Kafka as the log
With [\`bootstrap.servers\`](#bootstrap.servers) Kafka is the log, and what follows counts; without it, a warning names those that are given.

${supportedOptions(kafka, links, '###')}
${variableOptions(kafka, links)}

${supportedOptions(connection, links, '###')}

### Producers
Of the producers of tasks, one a task. A connector may set the same for itself as \`producer.override.*\`, as far as
[\`connector.client.config.override.policy\`](#connector.client.config.override.policy) allows. Connection options may be given
with \`producer.\` before them too.

${supportedOptions(producer, links, null)}

### Consumers
Of the consumers of sink connectors, one a task. A connector may set the same for itself as \`consumer.override.*\`, as far as
[\`connector.client.config.override.policy\`](#connector.client.config.override.policy) allows. Connection options may be given
with \`consumer.\` before them too, and are then also those of all other reading. On the embedded log \`auto.offset.reset\`,
\`max.poll.records\`, \`max.poll.interval.ms\` and \`partition.assignment.strategy\` count, as \`consumer.override.*\`.

${supportedOptions(consumer, links, null)}

## Accepted without effect
Files that come from Kafka Connect may keep these; a warning says what is so instead.

${reasonTable('Option', Object.entries(acceptedWithoutEffect), links)}

## Refused
${reasonTable('Option', sets.flatMap(refusedOf), links)}
`;
}
