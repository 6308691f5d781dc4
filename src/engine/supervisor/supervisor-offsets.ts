import {
  crashPoint,
  type JsonObject,
  type PartitionOffset,
  type PluginContext,
  SluiceError,
  type SourceOffset,
  type TopicPartition,
} from '../../contract/index.ts';
import type { SupervisedConnector } from './supervisor-connector.ts';
import type { Running } from './supervisor-running.ts';

/** An offset as REST submits it, in Connect's form for either kind. */
export type SubmittedOffset = { readonly partition: JsonObject | null; readonly offset: JsonObject | null };

const topicKey = 'kafka_topic';
const partitionKey = 'kafka_partition';
const offsetKey = 'kafka_offset';

/** Offsets of connectors, in Connect's form: what a source has stored, and where a sink's group is. Changed only where the connector is stopped. */
export class ConnectorOffsets {
  readonly #running: Running;
  readonly #context: (connector: string) => PluginContext;
  readonly #ended: AbortSignal;

  constructor(running: Running, context: (connector: string) => PluginContext, ended: AbortSignal) {
    [this.#running, this.#context, this.#ended] = [running, context, ended];
  }

  async read(name: string): Promise<readonly SourceOffset[]> {
    const connector = this.#running.connector(name);
    const { log } = this.#running;
    if (connector.type !== 'sink') return log.connectors.offsets(name);
    return (await log.groups.offsets(connector.group)).map(({ topic, partition, offset }) => ({
      partition: { [partitionKey]: partition, [topicKey]: topic },
      offset: { [offsetKey]: Number(offset) },
    }));
  }

  /** Replaces the offsets of some partitions; null deletes one. Rejects BAD_REQUEST. */
  async alter(name: string, offsets: readonly SubmittedOffset[]): Promise<void> {
    await this.#running.connectors.run(name, async () => {
      const connector = this.#stopped(name);
      const { log } = this.#running;
      if (connector.type === 'sink') {
        const parsed = offsets.map(sinkOffset);
        await this.#forget(connector, parsed);
        await this.#ofGroup(name, 'alter', () => log.groups.alterOffsets(connector.group, parsed));
      } else await log.connectors.alterOffsets(name, offsets.map(sourceOffset));
      crashPoint('offsets-altered');
      connector.watch.forget();
    });
  }

  async reset(name: string): Promise<void> {
    await this.#running.connectors.run(name, async () => {
      const connector = this.#stopped(name);
      const { log } = this.#running;
      connector.watch.forget();
      if (connector.type === 'sink') {
        await this.#forget(connector, null);
        return this.#ofGroup(name, 'reset', () => log.groups.remove(connector.group));
      }
      const partitions = (await log.connectors.offsets(name)).map(({ partition }) => ({ partition, offset: null }));
      if (partitions.length > 0) await log.connectors.alterOffsets(name, partitions);
    });
  }

  /** A target that keeps offsets itself would go on from those, whatever the group's say. First, so that a crash between the two repeats records. */
  async #forget({ name, group, sink: plan }: SupervisedConnector, partitions: readonly TopicPartition[] | null): Promise<void> {
    if (plan === null)
      throw new SluiceError('BAD_REQUEST', `The configuration of connector ${name} is not valid: its offsets cannot be modified.`);
    await using sink = plan.createBeside(this.#context(name)).sink;
    await sink.forgetOffsets?.(group, partitions, this.#ended);
  }

  /** In Connect's words where the group still has members. */
  async #ofGroup(name: string, how: 'alter' | 'reset', change: () => Promise<void>): Promise<void> {
    try {
      await change();
    } catch (error) {
      if (!(error instanceof SluiceError) || error.code !== 'LOG_REFUSED') throw error;
      throw new SluiceError(
        'LOG_REFUSED',
        `Failed to ${how} consumer group offsets for connector ${name} either because its tasks haven't stopped completely yet or the connector was resumed before the request to ${how} its offsets could be successfully completed. If the connector is in a stopped state, this operation can be safely retried. ${error.message}`,
        { cause: error },
      );
    }
  }

  #stopped(name: string): SupervisedConnector {
    const connector = this.#running.connector(name);
    if (connector.target !== 'STOPPED' || connector.tasks.length > 0)
      throw new SluiceError(
        'BAD_REQUEST',
        `Connectors must be in the STOPPED state before their offsets can be modified. This can be done for the specified connector by issuing a 'PUT' request to the '/connectors/${name}/stop' endpoint`,
      );
    return connector;
  }
}

function sourceOffset({ partition, offset }: SubmittedOffset): SourceOffset {
  if (partition === null)
    throw new SluiceError(
      'BAD_REQUEST',
      'The partitions for a source connector offset cannot be null: each entry needs a "partition" object.',
    );
  return { partition, offset };
}

/** Connect's SinkUtils.parseSinkConnectorOffsets: numbers may be texts too. */
function sinkOffset({ partition, offset }: SubmittedOffset): Omit<PartitionOffset, 'offset'> & { readonly offset: bigint | null } {
  const refuse = (message: string) => new SluiceError('BAD_REQUEST', message);
  if (partition === null) throw refuse('The partition for a sink connector offset cannot be null or missing');
  if (!(topicKey in partition) || !(partitionKey in partition))
    throw refuse(`The partition for a sink connector offset must contain the keys '${topicKey}' and '${partitionKey}'`);
  const [topic, number] = [partition[topicKey], partition[partitionKey]];
  if (topic === null) throw refuse('Kafka topic names must be valid strings and may not be null');
  if (number === null) throw refuse('Kafka partitions must be valid numbers and may not be null');
  const shown = typeof number === 'object' ? JSON.stringify(number) : String(number);
  if (!/^[+-]?\d{1,10}$/.test(shown))
    throw refuse(
      `Failed to parse the following Kafka partition value in the provided offsets: '${shown}'. Partition values for sink connectors need to be integers.`,
    );
  const place = { topic: String(topic), partition: Number(shown) };
  if (offset === null) return { ...place, offset: null };
  if (!(offsetKey in offset)) throw refuse(`The offset for a sink connector should either be null or contain the key '${offsetKey}'`);
  const value = offset[offsetKey];
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  if (!/^\+?\d{1,18}$/.test(text))
    throw refuse(
      `Failed to parse the following Kafka offset value in the provided offsets: '${text}'. Offset values for sink connectors need to be integers.`,
    );
  return { ...place, offset: BigInt(text.replace('+', '')) };
}
