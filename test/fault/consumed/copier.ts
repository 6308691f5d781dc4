import { armCrashPoint, crashPointVariable, SluiceError } from '../../../src/contract/index.ts';
import { Member, nextOf } from '../../integration/consumer-suite/member.ts';
import { serializedBatch } from '../../integration/serialized-batch.ts';
import { until } from '../../support/until.ts';
import { type CopierSettings, openCopiersLog } from './copiers-log.ts';

/**
 * Copies one topic into another, each append with the offset of what it was made of, until it is killed: by the parent, or by itself at the
 * crash point that the environment names. Says how many records it has copied. Where its group has taken it for gone meanwhile, it copies what
 * it is handed anew; whatever else goes wrong ends it.
 */
const { log: settings, group, from, to } = JSON.parse(process.argv[2]!) as CopierSettings;
armCrashPoint(process.env[crashPointVariable], () => process.kill(process.pid, 'SIGKILL'));
const log = await openCopiersLog(settings);
const abort = new AbortController();
const open = () => log.writer({ connector: group, task: 0 }, { producerOverrides: {}, transactional: true }, abort.signal);
let writer = await open();
let copied = 0;
const overrides = { 'session.timeout.ms': '6000' };
const member = new Member(log, { group, topics: [from], recordsMax: 10, overrides }, async (records, { consumer }) => {
  const copies = records.map(({ value }) => ({ topic: to, value: Buffer.from(value!).toString() }));
  try {
    await writer.append({ records: serializedBatch(copies), offsets: [], consumed: consumer.consumed(nextOf(records)) });
  } catch (error) {
    if (!(error instanceof SluiceError) || error.code !== 'FENCED') throw error;
    writer = await open();
    return;
  }
  copied += records.length;
  process.stdout.write(`${copied}\n`);
});
await until(() => member.failure !== null, { what: 'the parent to end this', timeoutMs: 300_000, everyMs: 100 });
throw member.failure;
