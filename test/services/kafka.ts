import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { Kafka, logLevel } from 'kafkajs';
import { freePort } from '../support/free-port.ts';
import { ScratchFolder } from '../support/scratch-folder.ts';
import { mavenLibraries } from './maven.ts';
import { ServerProcess } from './server-process.ts';

const run = promisify(execFile);
/** Of broker, tools and Connect. */
export const kafkaVersion = '4.1.1';

/** Kafka with its tools and Connect: one folder of jars for all of them. */
export function kafkaLibraries(): Promise<string> {
  const artifacts = ['kafka_2.13', 'kafka-tools', 'connect-runtime', 'connect-json', 'connect-transforms'];
  return mavenLibraries(`kafka-${kafkaVersion}`, [
    ...artifacts.map(artifact => `org.apache.kafka:${artifact}:${kafkaVersion}`),
    'org.slf4j:slf4j-simple:1.7.36',
  ]);
}

/** Java's options for every tool here: warnings only, and no more of two cores than needed. */
export const javaOptions = ['-Dorg.slf4j.simpleLogger.defaultLogLevel=warn', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];

/** The controller takes a broker that was killed for lost soon; until then it may not come back. */
export const soonForgotten = { 'broker.session.timeout.ms': '2000', 'broker.heartbeat.interval.ms': '400' };

/** Broker settings for a single node whose topics come and go quickly. */
function serverProperties(port: number, controllerPort: number, dataFolder: string, settings: Readonly<Record<string, string>>): string {
  const properties = {
    'process.roles': 'broker,controller',
    'node.id': '1',
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'controller.listener.names': 'CONTROLLER',
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    'log.dirs': dataFolder,
    'num.partitions': '1',
    'offsets.topic.num.partitions': '4',
    'offsets.topic.replication.factor': '1',
    'transaction.state.log.num.partitions': '4',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'share.coordinator.state.topic.replication.factor': '1',
    'share.coordinator.state.topic.min.isr': '1',
    'group.initial.rebalance.delay.ms': '0',
    'log.cleaner.dedupe.buffer.size': '16777216',
    'log.index.size.max.bytes': '1048576',
    ...settings,
  };
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

/** A client for tests: quiet, and impatient enough to fail within a test's bound. */
export function kafkaClient(bootstrapServers: string): Kafka {
  return new Kafka({
    brokers: bootstrapServers.split(','),
    logLevel: logLevel.NOTHING,
    connectionTimeout: 3_000,
    retry: { initialRetryTime: 50, retries: 8 },
  });
}

async function answers(bootstrapServers: string): Promise<boolean> {
  const admin = new Kafka({
    brokers: [bootstrapServers],
    logLevel: logLevel.NOTHING,
    connectionTimeout: 1_000,
    retry: { retries: 0 },
  }).admin();
  try {
    await admin.connect();
    return (await admin.describeCluster()).brokers.length > 0;
  } finally {
    await admin.disconnect();
  }
}

/** A real broker of its own (KRaft): stopped and deleted when disposed. */
export class KafkaServer implements AsyncDisposable {
  readonly bootstrapServers: string;
  readonly logFile: string;
  readonly #scratch = new ScratchFolder('kafka');
  readonly #libraries: string;
  readonly #properties: string;
  readonly #java: readonly string[];
  #process: ServerProcess | null = null;

  constructor(port: number, libraries: string, java: readonly string[] = ['-Xmx512m', ...javaOptions]) {
    this.bootstrapServers = `127.0.0.1:${port}`;
    this.#libraries = libraries;
    this.#java = java;
    this.logFile = this.#scratch.file('kafka.log');
    this.#properties = this.#scratch.file('server.properties');
  }

  /** Writes the settings and formats the data folder. Once, before the first start. */
  async initialize(controllerPort: number, settings: Readonly<Record<string, string>>): Promise<void> {
    const port = Number(this.bootstrapServers.split(':')[1]);
    await writeFile(this.#properties, serverProperties(port, controllerPort, this.#scratch.file('data'), settings));
    const clusterId = 'c2x1aWNlLXRlc3RzLS0tLQ'; // any 16 bytes in URL-safe base64
    await run('java', [
      ...javaOptions,
      '-cp',
      `${this.#libraries}/*`,
      'kafka.tools.StorageTool',
      'format',
      '-t',
      clusterId,
      '-c',
      this.#properties,
    ]);
  }

  /** Starts it (again, on the same port and data) and waits until it answers. */
  async start(): Promise<void> {
    if (this.#process?.alive) return;
    this.#process = await ServerProcess.start({
      name: `Kafka ${kafkaVersion}`,
      command: 'java',
      args: [...this.#java, '-cp', `${this.#libraries}/*`, 'kafka.Kafka', this.#properties],
      scratch: this.#scratch.path,
      logFile: this.logFile,
      ready: () => answers(this.bootstrapServers),
      startMsMax: 120_000,
    });
  }

  async stop(): Promise<void> {
    await this.#process?.stop('SIGTERM');
  }

  /** Kills it, as a power cut would. */
  async stopImmediately(): Promise<void> {
    await this.#process?.stop('SIGKILL');
  }

  /** Lets it hang (SIGSTOP): its connections stay, nothing is answered. */
  freeze(): void {
    this.#signal('SIGSTOP');
  }

  /** Lets it go on after `freeze`. */
  thaw(): void {
    this.#signal('SIGCONT');
  }

  #signal(signal: NodeJS.Signals): void {
    if (!this.#process?.alive) throw new Error('The broker is not running');
    process.kill(this.#process.pid, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopImmediately();
    this.#scratch[Symbol.dispose]();
  }
}

/**
 * A new broker without topics, on a free port of 127.0.0.1. The caller owns it. `settings` win over the defaults; `java` takes the place of
 * Java's options here.
 */
export async function startKafka(settings: Readonly<Record<string, string>> = {}, java?: readonly string[]): Promise<KafkaServer> {
  const libraries = await kafkaLibraries();
  const server = new KafkaServer(await freePort(), libraries, java);
  try {
    await server.initialize(await freePort(), settings);
    await server.start();
    return server;
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}

/** Runs one of Kafka's own command line programs, by its class; gives what it prints. */
export async function kafkaTool(program: string, args: readonly string[]): Promise<string> {
  const command = [...javaOptions, '-cp', `${await kafkaLibraries()}/*`, program, ...args];
  return (await run('java', command, { maxBuffer: 1 << 28 })).stdout;
}

/**
 * Reads a topic as a stranger does: with Kafka's own Java console consumer, from the beginning, committed records only. Gives its
 * lines, of which `args` say the form (`--property print.key=true`, `--max-messages 3` ...); it ends after `--max-messages`, or when
 * nothing came for `--timeout-ms` (a minute unless told: a laden machine takes long to make a consumer).
 */
export async function consoleConsumer(bootstrapServers: string, topic: string, args: readonly string[] = []): Promise<string[]> {
  const given = ['--bootstrap-server', bootstrapServers, '--topic', topic, '--from-beginning', '--isolation-level', 'read_committed'];
  const timeout = args.includes('--timeout-ms') ? [] : ['--timeout-ms', '60000'];
  const printed = await kafkaTool('org.apache.kafka.tools.consumer.ConsoleConsumer', [...given, ...timeout, ...args]);
  return printed.split('\n').filter(line => line !== '');
}

/** Longer than a consumer takes to start, or to go on, on a machine that has much else to do. */
const lineMsMax = 60_000;

/**
 * The same line by line, as they come and are taken, until the caller has enough of them. Rejects where the consumer ends by itself, with what
 * it said, or where a line is waited for longer than a minute.
 */
export async function* consoleConsumerLines(bootstrapServers: string, topic: string, args: readonly string[]): AsyncGenerator<string> {
  const given = ['--bootstrap-server', bootstrapServers, '--topic', topic, '--from-beginning', '--isolation-level', 'read_committed'];
  const program = [...javaOptions, '-cp', `${await kafkaLibraries()}/*`, 'org.apache.kafka.tools.consumer.ConsoleConsumer'];
  // A consumer whose lines nobody takes for long must not lose its partitions by that, and begin again.
  const patient = ['--consumer-property', 'max.poll.interval.ms=3600000'];
  const consumer = spawn('java', [...program, ...given, ...patient, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = once(consumer, 'exit');
  let waitingSinceMs: number | null = performance.now();
  const watch = setInterval(() => {
    if (waitingSinceMs !== null && performance.now() - waitingSinceMs > lineMsMax) consumer.kill('SIGKILL');
  }, 1_000);
  let said = '';
  consumer.stderr.on('data', text => {
    said = `${said}${text}`.slice(-2000);
  });
  try {
    for await (const line of createInterface({ input: consumer.stdout })) {
      waitingSinceMs = null;
      yield line;
      waitingSinceMs = performance.now();
    }
    throw new Error(`The consumer of ${topic} ended before its reader had enough: ${said}`);
  } finally {
    clearInterval(watch);
    consumer.kill('SIGKILL');
    await exited;
  }
}
