import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { MongoClient } from 'mongodb';
import { freePort } from '../support/free-port.ts';
import { ScratchFolder } from '../support/scratch-folder.ts';
import { cached } from './cache-folder.ts';
import { ServerProcess } from './server-process.ts';

const run = promisify(execFile);

/**
 * The stand-in for MongoDB: a server of its protocol with change streams, transactions and history loss. A real mongod comes from no package
 * registry that the tests use; TEST_MONGO_URL names one where there is one.
 */
const standIn = 'secantusdb==0.7.0b3';

export type MongodbOptions = {
  /** Arguments of the server, such as `--oplog-max-entries`. */
  readonly args?: readonly string[];
};

/** Where a server is. */
export type MongodbAddress = {
  /** A connection string, without credentials. */
  readonly url: string;
};

async function program(): Promise<string> {
  const folder = await cached(standIn.replace('==', '-'), async half => {
    // Scripts of a virtual environment name its path, so it is made to be found by modules alone.
    await run('python3', ['-m', 'venv', half]);
    await run(join(half, 'bin', 'python'), ['-m', 'pip', 'install', '--quiet', '--pre', standIn], { timeout: 600_000 });
  });
  return join(folder, 'bin', 'python');
}

/** A MongoDB-compatible server of its own: stopped and deleted when disposed. It may be stopped and started again on the same port and data. */
export class MongodbServer implements MongodbAddress, AsyncDisposable {
  readonly port: number;
  readonly url: string;
  readonly logFile: string;
  readonly #scratch: ScratchFolder;
  readonly #command: string;
  readonly #args: readonly string[];
  #process: ServerProcess | null = null;

  constructor(command: string, port: number, options: MongodbOptions) {
    this.port = port;
    this.url = `mongodb://127.0.0.1:${port}/?replicaSet=secantus`;
    this.#scratch = new ScratchFolder('mongodb');
    this.#command = command;
    this.logFile = this.#scratch.file('server.log');
    this.#args = ['-c', 'import sys; from secantus.cli import main; sys.exit(main())', '--host', '127.0.0.1', '--port', String(port)];
    this.#args = [...this.#args, '--storage-path', this.#scratch.file('data'), '--cache-size', '256M', ...(options.args ?? [])];
  }

  /** Starts it (again) and waits until it answers. `args` for this run only; `parameters`: of the connection string that it then needs. */
  async start(args: readonly string[] = [], parameters = ''): Promise<void> {
    if (this.#process?.alive) return;
    this.#process = await ServerProcess.start({
      name: 'SecantusDB (in MongoDB’s place)',
      command: this.#command,
      args: [...this.#args, ...args],
      scratch: this.#scratch.path,
      logFile: this.logFile,
      ready: () => this.answers(parameters),
      startMsMax: 120_000,
    });
  }

  async answers(parameters = ''): Promise<boolean> {
    const client = new MongoClient(`${this.url}&${parameters}`.replace(/&$/, ''), { serverSelectionTimeoutMS: 1_000 });
    try {
      await client.db('admin').command({ hello: 1 });
      return true;
    } catch {
      return false;
    } finally {
      await client.close();
    }
  }

  /** Orderly shutdown. */
  async stop(): Promise<void> {
    await this.#process?.stop('SIGTERM');
  }

  /** Kills it, as a crash would. */
  async stopImmediately(): Promise<void> {
    await this.#process?.stop('SIGKILL');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopImmediately();
    this.#scratch[Symbol.dispose]();
  }
}

/** A new, empty MongoDB-compatible server on a free port of 127.0.0.1. The caller owns it. */
export async function startMongodb(options: MongodbOptions = {}): Promise<MongodbServer> {
  const server = new MongodbServer(await program(), await freePort(), options);
  try {
    await server.start();
    return server;
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}
