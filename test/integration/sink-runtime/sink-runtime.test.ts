import { newDaemon } from '../../support/daemon.ts';
import { publishedInEmbedded } from '../../support/published.ts';
import { seedEmbedded } from './seeded.ts';
import { sinkRuntime } from './statements.ts';

sinkRuntime(async () => ({
  name: 'embedded',
  newDaemon: () => newDaemon({}),
  seed: seedEmbedded,
  read: (daemon, topic) => publishedInEmbedded(daemon.dataFolder, [topic]),
  topic: name => name,
}));
