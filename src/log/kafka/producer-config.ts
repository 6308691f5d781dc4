import { configSpec, options } from '../../contract/index.ts';

export type Compression = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';

/** How a task's records are sent: Kafka's producer options, after the worker's `producer.*` and the connector's `producer.override.*`. */
export type ProducerSettings = {
  readonly compression: Compression;
  /** How long an idle writer waits for more appends before it begins a transaction. */
  readonly lingerMs: number;
  /** Most bytes of one record batch; a larger record gets a batch of its own. */
  readonly batchBytesMax: number;
  /** Most bytes of one produce request, and so of one record, before compression. */
  readonly requestBytesMax: number;
  readonly requestsInFlightMax: number;
  readonly transactionTimeoutMs: number;
  /** How long sending may take, repetitions included. */
  readonly deliveryTimeoutMs: number;
  /** -1: all in-sync replicas; 1: the leader only (at least once only). */
  readonly acks: -1 | 1;
  readonly idempotent: boolean;
};

const group = 'Producer';
const java = 'it names a Java class.';

/** Kafka's producer options, without those of the connection. */
export const producerSpec = configSpec({
  options: {
    'compression.type': options.choice(['none', 'gzip', 'snappy', 'lz4', 'zstd'], {
      default: 'none',
      group,
      doc: 'How batches are compressed.',
    }),
    'linger.ms': options.int({ default: '0', min: 0, max: 60_000, group, doc: 'How long to wait for more records when idle.' }),
    'batch.size': options.int({ default: '1048576', min: 1, group, doc: 'Most bytes of a record batch before compression.' }),
    'max.request.size': options.int({
      default: '1048576',
      min: 1,
      group,
      doc: 'Most bytes of a request and of a record, before compression.',
    }),
    'max.in.flight.requests.per.connection': options.int({
      default: '5',
      min: 1,
      max: 5,
      group,
      doc: 'Requests sent before the first is answered.',
    }),
    'transaction.timeout.ms': options.int({ default: '60000', min: 1000, group, doc: 'When the broker gives up an open transaction.' }),
    'delivery.timeout.ms': options.int({ default: '120000', min: 1000, group, doc: 'How long sending may take, repetitions included.' }),
    acks: options.choice(['all', '-1', '1'], { default: 'all', group, doc: 'Replicas that must have a record before it counts as sent.' }),
    'enable.idempotence': options.boolean({ default: 'true', group, doc: 'Whether the broker drops repeated batches.' }),
    retries: options.int({ default: null, group, doc: 'Repetitions.', unsupported: 'delivery.timeout.ms bounds repetitions.' }),
    'buffer.memory': options.long({ default: null, group, doc: 'Buffer.', unsupported: 'the writer’s queue has a bound of its own.' }),
    'max.block.ms': options.long({ default: null, group, doc: 'Blocking.', unsupported: 'delivery.timeout.ms bounds the wait.' }),
    'transactional.id': options.string({
      default: null,
      group,
      doc: 'Transactional id.',
      unsupported: 'it follows from group.id, connector and task.',
    }),
    'key.serializer': options.string({ default: null, group, doc: 'Serializer.', unsupported: 'key.converter serializes keys.' }),
    'value.serializer': options.string({ default: null, group, doc: 'Serializer.', unsupported: 'value.converter serializes values.' }),
    'partitioner.class': options.string({ default: null, group, doc: 'Partitioner.', unsupported: java }),
    'partitioner.ignore.keys': options.boolean({ default: null, group, doc: 'Partitioner.', unsupported: 'order is kept per key.' }),
    'partitioner.adaptive.partitioning.enable': options.boolean({
      default: null,
      group,
      doc: 'Partitioner.',
      unsupported: 'keyless records take turns.',
    }),
    'interceptor.classes': options.list({ default: null, group, doc: 'Interceptors.', unsupported: java }),
    'metric.reporters': options.list({ default: null, group, doc: 'Reporters.', unsupported: java }),
    'compression.gzip.level': options.int({ default: null, group, doc: 'Level.', unsupported: 'the codec’s default level is used.' }),
    'compression.lz4.level': options.int({ default: null, group, doc: 'Level.', unsupported: 'the codec’s default level is used.' }),
    'compression.zstd.level': options.int({ default: null, group, doc: 'Level.', unsupported: 'the codec’s default level is used.' }),
    'send.buffer.bytes': options.int({ default: null, group, doc: 'Socket buffer.', unsupported: 'the system sizes socket buffers.' }),
    'receive.buffer.bytes': options.int({ default: null, group, doc: 'Socket buffer.', unsupported: 'the system sizes socket buffers.' }),
    'connections.max.idle.ms': options.long({ default: null, group, doc: 'Idle connections.', unsupported: 'connections stay open.' }),
    'reconnect.backoff.ms': options.long({ default: null, group, doc: 'Reconnecting.', unsupported: 'use retry.backoff.ms.' }),
    'reconnect.backoff.max.ms': options.long({ default: null, group, doc: 'Reconnecting.', unsupported: 'use retry.backoff.max.ms.' }),
  },
  refine(config): ProducerSettings {
    const acks = config.acks === '1' ? 1 : -1;
    return {
      compression: config['compression.type'],
      lingerMs: config['linger.ms'],
      batchBytesMax: config['batch.size'],
      requestBytesMax: config['max.request.size'],
      requestsInFlightMax: config['max.in.flight.requests.per.connection'],
      transactionTimeoutMs: config['transaction.timeout.ms'],
      deliveryTimeoutMs: config['delivery.timeout.ms'],
      acks,
      idempotent: config['enable.idempotence'] && acks === -1,
    };
  },
});
