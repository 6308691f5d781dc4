import { armCrashPoint, crashPointVariable } from '../../../src/contract/index.ts';
import { Member, nextOf } from '../../integration/consumer-suite/member.ts';
import { serializedBatch } from '../../integration/serialized-batch.ts';
import { type CopierSettings, openCopiersLog } from './copiers-log.ts';

/**
 * Copies one topic into another, each append with the offset of what it was made of, until it is killed: by the parent, or by itself at the
 * crash point that the environment names. Says how many records it has copied.
 */
const { log: settings, group, from, to } = JSON.parse(process.argv[2]!) as CopierSettings;
armCrashPoint(process.env[crashPointVariable], () => process.kill(process.pid, 'SIGKILL'));
const log = await openCopiersLog(settings);
const abort = new AbortController();
// What is left open by a kill is over soon.
const producerOverrides = 'dataDir' in settings ? {} : { 'transaction.timeout.ms': '5000' };
const writer = await log.writer({ connector: group, task: 0 }, { producerOverrides, transactional: true }, abort.signal);
const overrides = { 'session.timeout.ms': '6000' };
new Member(log, { group, topics: [from], recordsMax: 10, overrides }, async (records, { consumer, records: all }) => {
  const copies = records.map(({ value }) => ({ topic: to, value: Buffer.from(value!).toString() }));
  await writer.append({ records: serializedBatch(copies), offsets: [], consumed: consumer.consumed(nextOf(records)) });
  process.stdout.write(`${all.length}\n`);
});
