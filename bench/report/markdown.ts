import { postgresSettings } from '../environment.ts';
import type { Results, ScenarioName } from '../results.ts';
import { brokerHeap, defaultHeap, kafkaJavaOptions } from '../subjects/java-options.ts';
import { asMarkdown, tables } from './table.ts';
import { targetRows } from './targets.ts';

const titles: Readonly<Record<ScenarioName, string>> = {
  stream: 'A waiting backlog',
  transforms: 'The same backlog through four transforms',
  snapshot: 'Snapshot',
  'large-transaction': 'A single large transaction',
  latency: 'From commit to consumer',
  producer: "Kafka's own producer performance tool",
  'smallest-heap': 'The smallest heap with which Debezium drains the backlog',
};

/** What each scenario is, with the sizes of this run. */
function about(scenario: ScenarioName, { settings }: Results): string {
  const number = (name: string) => Number(settings[name]).toLocaleString('en-US');
  switch (scenario) {
    case 'stream':
      return `${number('changes')} updates of ${number('changesPerTransaction')} rows a transaction wait in a slot; every run reads a copy of that slot, the very same log.`;
    case 'transforms':
      return 'RegexRouter, ExtractNewRecordState, MaskField, InsertField.';
    case 'snapshot':
      return `${number('rows')} rows of the ten-column table, snapshot.mode=initial.`;
    case 'large-transaction':
      return `${number('rows')} updates in one transaction, waiting in a slot.`;
    case 'latency':
      return `${number('transactionsPerSecond')} transactions a second, of one row each, for ${settings['latencySeconds']} s after ${settings['latencyWarmUpSeconds']} s of warming up: from the answer to the commit until a reader in a process of its own has the record.`;
    case 'producer':
      return 'Idempotent, acks=all, batches of 1 MiB, records of 900 bytes.';
    case 'smallest-heap':
      return 'The default is 2,048 MB. With less than this the task fails, the worker ends, or it takes more than three times as long.';
  }
}

/** bench/RESULTS.md. */
export function markdown(results: Results): string {
  const { date, command, commit, machine, versions, failures, note } = results;
  const list = (entries: Readonly<Record<string, string>>) => Object.entries(entries).map(([name, value]) => `${name} ${value}`);
  const failed = failures.length === 0 ? '' : `## Failed\n${failures.map(failure => `- ${failure.split('\n')[0]}\n`).join('')}\n`;
  const sections = tables(results).map(table => `## ${titles[table.name]}\n${about(table.name, results)}\n\n${asMarkdown(table)}\n`);
  return `# Sluice and Debezium, side by side
${note ? `\n**${note}**\n` : ''}
Written by \`${command}\` on ${date.slice(0, 10)}, at commit \`${commit}\`. Every figure is the median of ${results.settings['repeat']} runs, with the
least and the most behind it; all subjects ran in turn on one machine, with one PostgreSQL and one Kafka. [What is measured, and how](README.md).

## Targets
${asMarkdown({ rows: targetRows(results.runs) })}
${failed}${sections.join('\n')}
## Machine and versions
- ${machine.cpus} CPUs (${machine.cpuModel}), ${machine.memoryGb} GB, Linux ${machine.kernel}, ${machine.fsyncsPerSecond.toLocaleString('en-US')} flushed writes of 8 KiB a second; load average before the
  first run ${machine.loadBefore}
- ${list(versions).join(', ')}
- PostgreSQL: ${list(postgresSettings).join(', ')}; autovacuum off for the tables
- Kafka: one broker, KRaft, one partition a topic, \`java ${[...brokerHeap, ...kafkaJavaOptions].join(' ')}\`
- Kafka Connect: distributed, one worker, \`java ${[...defaultHeap, ...kafkaJavaOptions].join(' ')}\`: what Kafka's own scripts give
- The limits: \`pg_recvlogical --slot SLOT --start --no-loop --endpos LSN --file /dev/null --dbname bench -o proto_version=1 -o publication_names=orders_stream\`
  (PostgreSQL 15's), \`psql --command 'copy orders to stdout' > /dev/null\`,
  \`kafka-producer-perf-test.sh --topic bench-producer --num-records ${results.settings['producerRecords']} --record-size 900 --throughput -1 --producer-props bootstrap.servers=... acks=all enable.idempotence=true batch.size=1048576 linger.ms=5\`
- Sluice: \`sluice run -c worker.yaml\` of the built package, default settings
- The same connector config for both; JSON converters with schemas.enable=false
`;
}
