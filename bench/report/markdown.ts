import type { Results, ScenarioName } from '../results.ts';
import { brokerHeap, defaultHeap, kafkaJavaOptions } from '../subjects/java-options.ts';
import { abouts } from './abouts.ts';
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
function about(scenario: ScenarioName, { settings, database }: Results): string {
  const number = (name: string) => Number(settings[name]).toLocaleString('en-US');
  switch (scenario) {
    case 'stream':
      return `${number('changes')} updates of ${number('changesPerTransaction')} rows a transaction wait${abouts[database].backlog}`;
    case 'transforms':
      return 'RegexRouter, ExtractNewRecordState, MaskField, InsertField.';
    case 'snapshot':
      return `${number('rows')} rows of the ten-column table, snapshot.mode=initial.`;
    case 'large-transaction':
      return `${number('rows')} updates in one transaction, which wait.`;
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
  const { date, command, commit, database, machine, versions, failures, note } = results;
  const { title, settings: serverSettings, remarks, limits } = abouts[database];
  const list = (entries: Readonly<Record<string, string>>) => Object.entries(entries).map(([name, value]) => `${name} ${value}`);
  const failed = failures.length === 0 ? '' : `## Failed\n${failures.map(failure => `- ${failure.split('\n')[0]}\n`).join('')}\n`;
  const sections = tables(results).map(table => `## ${titles[table.name]}\n${about(table.name, results)}\n\n${asMarkdown(table)}\n`);
  return `# Sluice and Debezium on ${title}, side by side
${note ? `\n**${note}**\n` : ''}
Written by \`${command}\` on ${date.slice(0, 10)}, at commit \`${commit}\`. Every figure is the median of ${results.settings['repeat']} runs, with the
least and the most behind it; all subjects ran in turn on one machine, with one ${title} and one Kafka. [What is measured, and how](README.md).

${remarks}## Targets
${asMarkdown({ rows: targetRows(results) })}
${failed}${sections.join('\n')}
## Machine and versions
- ${machine.cpus} CPUs (${machine.cpuModel}), ${machine.memoryGb} GB, Linux ${machine.kernel}, ${machine.fsyncsPerSecond.toLocaleString('en-US')} flushed writes of 8 KiB a second; load average before the
  first run ${machine.loadBefore}
- ${list(versions).join(', ')}
- ${title}: ${serverSettings}
- Kafka: one broker, KRaft, one partition a topic, \`java ${[...brokerHeap, ...kafkaJavaOptions].join(' ')}\`
- Kafka Connect: distributed, one worker, \`java ${[...defaultHeap, ...kafkaJavaOptions].join(' ')}\`: what Kafka's own scripts give
${limits(results)}- Sluice: \`sluice run -c worker.yaml\` of the built package, default settings
- The same connector config for both; JSON converters with schemas.enable=false
`;
}
