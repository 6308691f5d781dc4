import { newDaemon } from '../../support/daemon.ts';
import { publishedInKafka } from '../../support/published.ts';
import { sharedKafka } from '../../support/servers.ts';
import { workerGroup } from '../../support/worker-group.ts';
import { seedKafka } from './seeded.ts';
import { sinkRuntime } from './statements.ts';

let logs = 0;

sinkRuntime(async () => {
  const bootstrapServers = await sharedKafka();
  const suffix = `${process.pid}-${++logs}`;
  const topic = (name: string) => `${name}-${suffix}`;
  return {
    name: 'kafka',
    newDaemon: () => newDaemon({ 'bootstrap.servers': bootstrapServers, ...workerGroup('sinks') }),
    seed: (_, seeded) => seedKafka(bootstrapServers, seeded),
    read: (_, name) => publishedInKafka(bootstrapServers, [topic(name)]),
    topic,
  };
});
