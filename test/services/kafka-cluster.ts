import { freePort } from '../support/free-port.ts';
import { until } from '../support/until.ts';
import { javaOptions, KafkaServer, kafkaClient, kafkaLibraries, kafkaTool, soonForgotten } from './kafka.ts';

const brokers = 3;

/** Three brokers that are controllers too (KRaft), with three replicas of everything, of which two must be in sync. */
export class KafkaCluster implements AsyncDisposable {
  readonly bootstrapServers: string;
  readonly #servers: ReadonlyMap<number, KafkaServer>;

  constructor(servers: ReadonlyMap<number, KafkaServer>) {
    this.#servers = servers;
    this.bootstrapServers = [...servers.values()].map(server => server.bootstrapServers).join(',');
  }

  get nodes(): readonly number[] {
    return [...this.#servers.keys()];
  }

  broker(node: number): KafkaServer {
    const server = this.#servers.get(node);
    if (server === undefined) throw new Error(`There is no broker ${node}`);
    return server;
  }

  /** Starts those that do not run and waits until all are members. */
  async start(): Promise<void> {
    await Promise.all([...this.#servers.values()].map(server => server.start()));
    await this.#ask(async admin => (await admin.describeCluster()).brokers.length === brokers, `${brokers} brokers`);
  }

  /** The leader of a topic's partition 0. */
  leaderOf(topic: string): Promise<number> {
    return this.#ask(async admin => {
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
      const leader = topics[0]?.partitions[0]?.leader ?? -1;
      return leader >= 0 && leader;
    }, `a leader of ${topic}`);
  }

  /** Waits until all replicas of the topics' partitions are in sync. */
  async inSync(topics: readonly string[]): Promise<void> {
    await this.#ask(
      async admin => {
        const described = await admin.fetchTopicMetadata({ topics: [...topics] });
        return described.topics.every(({ partitions }) => partitions.every(({ isr }) => isr.length === brokers));
      },
      `all replicas of ${topics.join(', ')} to be in sync`,
    );
  }

  /** The coordinator of a transactional id that has been used. */
  async transactionCoordinatorOf(transactionalId: string): Promise<number> {
    const args = ['--bootstrap-server', this.bootstrapServers, 'describe', '--transactional-id', transactionalId];
    const [names, values] = (await kafkaTool('org.apache.kafka.tools.TransactionsCommand', args)).trim().split('\n');
    return this.#node(values?.trim().split(/\s+/)[names?.trim().split(/\s+/).indexOf('CoordinatorId') ?? 0]);
  }

  /** The active controller. */
  async controller(): Promise<number> {
    const args = ['--bootstrap-server', this.bootstrapServers, 'describe', '--status'];
    const status = await kafkaTool('org.apache.kafka.tools.MetadataQuorumCommand', args);
    return this.#node(/^LeaderId:\s*(\d+)/m.exec(status)?.[1]);
  }

  #node(text: string | undefined): number {
    const node = Number(text);
    if (!this.#servers.has(node)) throw new Error(`There is no broker ${text}`);
    return node;
  }

  async #ask<T>(question: (admin: ReturnType<ReturnType<typeof kafkaClient>['admin']>) => Promise<T>, what: string) {
    const admin = kafkaClient(this.bootstrapServers).admin();
    try {
      // kafkajs gives up where brokers come and go.
      return await until(
        () =>
          admin
            .connect()
            .then(() => question(admin))
            .catch(() => false as const),
        {
          what,
          timeoutMs: 60_000,
          everyMs: 200,
        },
      );
    } finally {
      await admin.disconnect();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#servers.values()].map(server => server[Symbol.asyncDispose]()));
  }
}

/** A new cluster on free ports of 127.0.0.1 that notices a lost broker soon. The caller owns it. `settings` win over the defaults. */
export async function startKafkaCluster(settings: Readonly<Record<string, string>> = {}): Promise<KafkaCluster> {
  const libraries = await kafkaLibraries();
  const nodes = await Promise.all(
    Array.from({ length: brokers }, async (_, index) => ({ node: index + 1, port: await freePort(), controllerPort: await freePort() })),
  );
  const cluster = new KafkaCluster(
    new Map(nodes.map(({ node, port }) => [node, new KafkaServer(port, libraries, ['-Xmx256m', ...javaOptions])])),
  );
  const common = {
    'controller.quorum.voters': nodes.map(({ node, controllerPort }) => `${node}@127.0.0.1:${controllerPort}`).join(','),
    'default.replication.factor': '3',
    'min.insync.replicas': '2',
    'offsets.topic.replication.factor': '3',
    'transaction.state.log.replication.factor': '3',
    'transaction.state.log.min.isr': '2',
    ...soonForgotten,
    'replica.lag.time.max.ms': '3000',
    ...settings,
  };
  try {
    await Promise.all(
      nodes.map(({ node, controllerPort }) => cluster.broker(node).initialize(controllerPort, { 'node.id': String(node), ...common })),
    );
    await cluster.start();
    return cluster;
  } catch (error) {
    await cluster[Symbol.asyncDispose]();
    throw error;
  }
}
