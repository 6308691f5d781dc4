import { openEmbeddedLog } from '../../../src/log/embedded/embedded-log.ts';
import { serializedBatch } from '../../integration/serialized-batch.ts';
import { silentLogger } from '../../support/silent-logger.ts';

/** A process that owns a log and appends for ever, telling what was acknowledged: for tests that kill it. Argument: data.dir. */
const log = await openEmbeddedLog({ dataDir: process.argv[2]!, logger: silentLogger });
const abort = new AbortController().signal;
await log.ensureTopics([{ topic: 'torn', partitions: 3, replicationFactor: -1, configs: {} }], abort);
const writer = await log.writer({ connector: 'torn', task: 0 }, { producerOverrides: {}, transactional: true }, abort);
let unit = Number(writer.offsets[0]?.offset?.['unit'] ?? 0);
const underWay: Promise<void>[] = [];
for (;;) {
  unit++;
  const number = unit;
  const records = serializedBatch(Array.from({ length: 20 }, (_, index) => ({ topic: 'torn', key: String(index), value: String(number) })));
  const appended = writer.append({ records, offsets: [{ partition: { server: 'torn' }, offset: { unit: number } }] });
  underWay.push(appended.then(() => void process.stdout.write(`${number}\n`)));
  if (underWay.length >= 4) await underWay.shift();
}
