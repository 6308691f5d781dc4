import { commitAll, Member } from './consumer-suite/member.ts';
import { openLog } from './kafka-log-fixture.ts';

/** A member of a group in a process of its own, to be killed: says on its standard output how many records it has committed. */
const [options, group, topic] = process.argv.slice(2);
const log = await openLog(JSON.parse(options!) as Record<string, string>);
new Member(
  log,
  { group: group!, topics: [topic!], overrides: { 'session.timeout.ms': '6000' }, recordsMax: 10 },
  async (records, member) => {
    await commitAll(records, member);
    process.stdout.write(`${member.records.length}\n`);
  },
);
