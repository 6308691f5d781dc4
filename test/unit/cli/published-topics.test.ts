import assert from 'node:assert/strict';
import { test } from 'node:test';
import { publishedTopicsOf, servicesOf } from '../../../src/cli/services.ts';
import { parseConfigText } from '../../../src/config/document.ts';
import { resolveWorker, type WorkerConfig } from '../../../src/config/worker-file.ts';
import { specsOf } from '../../../src/services/sagas/runtime/saga-topics.ts';
import { saga, step } from '../services/sagas/definitions.ts';

const noKafka = async () => ({ parse: () => ({ faults: [], warnings: [] }) });

async function workerOf(text: string): Promise<WorkerConfig> {
  return (await resolveWorker(parseConfigText('worker.yaml', text)[0]!, {}, noKafka)).config;
}

const plain = { partitions: -1, replicationFactor: -1, configs: {} };

/** How a saga of the worker makes its topics. */
async function madeBy(text: string, startTopic: string): Promise<ReadonlyMap<string, object>> {
  const { definition } = saga([[step('A')]], { start: { topic: startTopic, type: 'OrderPlaced' } });
  const specs = specsOf('test', [definition], publishedTopicsOf(await workerOf(text)));
  return new Map(specs.map(({ topic, ...spec }) => [topic, spec]));
}

test('a saga that needs the event store’s topic before the first event makes it as publishing would', async () => {
  const text =
    'services: { event-store: { topic: events, topic.partitions: 3, topic.replication.factor: 2, topic.retention.ms: -1 }, sagas: {} }';
  const published = { partitions: 3, replicationFactor: 2, configs: { 'cleanup.policy': 'delete', 'retention.ms': '-1' } };
  const made = await madeBy(text, 'events');
  assert.deepEqual(made.get('events'), published);
  assert.deepEqual(made.get('a-done'), plain, 'others’ topics are the log’s affair');
  assert.deepEqual((await madeBy(text, 'order-placed')).get('order-placed'), plain);
  assert.deepEqual((await madeBy('services: { sagas: {} }', 'events')).get('events'), plain);
});

test('with a topic per type the one that starts the saga is such a topic, and what answers it is not', async () => {
  const made = await madeBy('services: { event-store: { topic.per.type: true }, sagas: {} }', 'order-placed');
  assert.deepEqual(made.get('order-placed'), { ...plain, configs: { 'cleanup.policy': 'delete', 'retention.ms': '-1' } });
  assert.deepEqual(made.get('a-done'), plain);
});

test('it is what the publishing connector says of the topics that it makes', async () => {
  for (const store of ['store: sqlite', 'store: postgres, database.user: u, database.dbname: d']) {
    const worker = await workerOf(`services: { event-store: { ${store}, topic.partitions: 5, topic.retention.ms: 60000 } }`);
    const { connectors } = await servicesOf(worker);
    const spec = publishedTopicsOf(worker)('domain-events', false)!;
    const told = Object.entries({ partitions: spec.partitions, 'replication.factor': spec.replicationFactor, ...spec.configs });
    for (const [name, value] of told) assert.equal(connectors[0]?.config[`topic.creation.default.${name}`], String(value), name);
  }
});
