import { writeFile } from 'node:fs/promises';
import { freePort } from '../support/free-port.ts';
import { ScratchFolder } from '../support/scratch-folder.ts';
import { workerGroup } from '../support/worker-group.ts';
import { javaOptions, kafkaLibraries } from './kafka.ts';
import { mavenArchives } from './maven.ts';
import { ServerProcess } from './server-process.ts';

/** The reference's release. */
export const debeziumVersion = '3.6.1.Final';

/** Debezium's connectors that are used here. */
export type DebeziumConnector = 'postgres' | 'mysql' | 'mariadb' | 'mongodb';

/** Of MariaDB's connector the last release that Maven has. */
const mariadbVersion = '3.5.0.Final';

/** Debezium's plugin for a database, unpacked: a Connect worker's `plugin.path`. */
export function debeziumPlugins(connector: DebeziumConnector = 'postgres'): Promise<string> {
  const version = connector === 'mariadb' ? mariadbVersion : debeziumVersion;
  const name = connector === 'postgres' ? `debezium-${version}` : `debezium-${connector}-${version}`;
  return mavenArchives(name, [`io.debezium:debezium-connector-${connector}:${version}:tar.gz:plugin`]);
}

/** The reference: a real Kafka Connect worker (distributed) with the real Debezium. It takes 15-30 s to start and 1-2 GB. */
export class ConnectServer implements AsyncDisposable {
  readonly url: string;
  readonly logFile: string;
  readonly #scratch = new ScratchFolder('connect');
  readonly #java: readonly string[];
  #process: ServerProcess | null = null;

  constructor(port: number, java: readonly string[] = ['-Xmx1500m', ...javaOptions]) {
    this.#java = java;
    this.url = `http://127.0.0.1:${port}`;
    this.logFile = this.#scratch.file('connect.log');
  }

  get pid(): number {
    if (!this.#process) throw new Error('Kafka Connect has not been started');
    return this.#process.pid;
  }

  async start(bootstrapServers: string, settings: Readonly<Record<string, string>>, connector?: DebeziumConnector): Promise<void> {
    const [libraries, plugins] = await Promise.all([kafkaLibraries(), debeziumPlugins(connector)]);
    const properties = {
      'bootstrap.servers': bootstrapServers,
      listeners: this.url,
      'plugin.path': plugins,
      'key.converter': 'org.apache.kafka.connect.json.JsonConverter',
      'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
      ...workerGroup('connect'),
      ...settings,
    };
    const file = this.#scratch.file('connect.properties');
    await writeFile(
      file,
      Object.entries(properties)
        .map(([name, value]) => `${name}=${value}\n`)
        .join(''),
    );
    this.#process = await ServerProcess.start({
      name: 'Kafka Connect 4.1.1',
      command: 'java',
      args: [...this.#java, '-cp', `${libraries}/*`, 'org.apache.kafka.connect.cli.ConnectDistributed', file],
      scratch: this.#scratch.path,
      logFile: this.logFile,
      ready: async () => (await fetch(`${this.url}/connectors`)).ok, // answers only once the worker has joined its group
      startMsMax: 240_000,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process?.stop('SIGTERM');
    this.#scratch[Symbol.dispose]();
  }
}

/** A new worker on that broker. The caller owns it. `java` takes the place of Java's options here. */
export async function startConnect(
  bootstrapServers: string,
  settings: Readonly<Record<string, string>> = {},
  java?: readonly string[],
  connector?: DebeziumConnector,
): Promise<ConnectServer> {
  const server = new ConnectServer(await freePort(), java);
  try {
    await server.start(bootstrapServers, settings, connector);
    return server;
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}
