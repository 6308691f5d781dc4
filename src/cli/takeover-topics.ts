import { loadWorker } from '../config/worker-file.ts';
import { type EventLog, SluiceError } from '../contract/index.ts';
import type { ReadTopics } from '../takeover/shadow-run.ts';
import type { CommandInput } from './command-line.ts';
import { warningsTo } from './command-logging.ts';
import { openLogForReading } from './event-log.ts';
import { kafkaOptions } from './kafka-options.ts';

/** Where the records of a connector at Kafka Connect and of its shadow here are read. Its user disposes of it. */
export type OpenedTopics = AsyncDisposable & { readonly running: ReadTopics; readonly shadow: ReadTopics };

/** The worker's log, and Kafka Connect's Kafka: the same, unless --bootstrap-servers names another. Throws CONFIG_INVALID. */
export async function openTopics({ terminal, text }: CommandInput, abort: AbortSignal): Promise<OpenedTopics> {
  const file = text('config');
  if (file === null)
    throw new SluiceError('CONFIG_INVALID', '--shadow reads the topics of both: give the worker’s file with --config.', {
      remedy: 'sluice takeover --help shows examples.',
    });
  const { config } = await loadWorker(file, process.env, kafkaOptions);
  const servers = text('bootstrap-servers');
  if (servers === null && config.bootstrapServers === null)
    throw new SluiceError('CONFIG_INVALID', 'The worker’s log is the embedded one: say where Kafka Connect’s Kafka is.', {
      remedy: 'Add --bootstrap-servers HOST:PORT.',
    });
  const logging = warningsTo(terminal);
  const { TopicReader } = await import('../log/kafka/topic-reader.ts');
  const resources = new AsyncDisposableStack();
  try {
    const log = resources.use(await openLogForReading(config, logging.logger('sluice.takeover'), abort));
    const reader = resources.use(new TopicReader(servers === null ? config.raw : { ...config.raw, 'bootstrap.servers': servers }));
    // A log that is only read, beside its daemon, deletes nothing; Kafka does.
    const shadow = {
      ...ofLog(log),
      ...(config.bootstrapServers !== null && { remove: (topics: readonly string[]) => log.deleteTopics(topics) }),
    };
    return { running: reader, shadow, [Symbol.asyncDispose]: () => resources.disposeAsync() };
  } catch (error) {
    await resources.disposeAsync();
    throw error;
  }
}

function ofLog(log: EventLog): ReadTopics {
  return {
    existing: async topics => (topics.length === 0 ? [] : (await log.describeTopics(topics)).map(({ topic }) => topic)),
    read: (range, abort) => log.read(range, abort),
  };
}
