import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { LogRecord } from '../../src/contract/index.ts';
import type { TaskProgress } from '../../src/engine/supervisor/supervisor-states.ts';
import { openEmbeddedLog } from '../../src/log/embedded/embedded-log.ts';
import { ConnectClient } from '../support/connect-client.ts';
import type { Daemon } from '../support/daemon.ts';
import { databaseOptions } from '../support/database-options.ts';
import { ScratchFolder } from '../support/scratch-folder.ts';
import { silentLogger } from '../support/silent-logger.ts';
import { until } from '../support/until.ts';

const main = join(import.meta.dirname, '..', '..', 'src', 'main.ts');

/** `sluice check` of one connector: its exit code and what it says. */
export async function check(config: Config): Promise<{ code: number; output: string }> {
  using scratch = new ScratchFolder('check');
  const file = scratch.file('connector.json');
  await writeFile(file, JSON.stringify({ name: 'checked', config }));
  const ran = await promisify(execFile)(process.execPath, [main, 'check', file]).then(
    ({ stdout }) => ({ code: 0, stdout }),
    (error: { code: number; stdout: string }) => error,
  );
  return { code: ran.code, output: ran.stdout };
}

export type Config = Readonly<Record<string, string>>;

/** An answer of the REST API, whatever its status. */
export type Answer = { readonly status: number; readonly body: unknown; readonly headers: Headers };

/** One request, as it stands: the body is sent as given. */
export async function ask(daemon: Daemon, method: string, path: string, body?: unknown): Promise<Answer> {
  const response = await fetch(daemon.url + path, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? null : JSON.parse(text), headers: response.headers };
}

/** Asserts Connect's error body and nothing beside it, and gives its message. */
export function errorMessage({ status, body }: Answer, expected: number): string {
  assert.equal(status, expected, JSON.stringify(body));
  const { error_code, message, ...rest } = body as { error_code: number; message: string };
  assert.equal(error_code, expected);
  assert.deepEqual(rest, {});
  return message;
}

/** A connector of a database of one's own, with slot and publication named after it. */
export function connectorOf(url: string, config: Config = {}): Config {
  const database = new URL(url).pathname.slice(1);
  return {
    'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
    'topic.prefix': 'srv',
    ...databaseOptions(url),
    'slot.name': `slot_${database}`,
    'publication.name': `pub_${database}`,
    'key.converter': 'json',
    'value.converter': 'json',
    'key.converter.schemas.enable': 'false',
    'value.converter.schemas.enable': 'false',
    'retriable.restart.connector.wait.ms': '300',
    ...config,
  };
}

/** Waits until the connector's task has failed; its trace. */
export async function failure(daemon: Daemon, name: string): Promise<string> {
  const client = new ConnectClient(daemon.url);
  return until(
    async () => {
      const task = (await client.status(name))?.tasks[0];
      return task?.state === 'FAILED' && (task.trace ?? '(no trace)');
    },
    { what: `the task of ${name} to fail`, timeoutMs: 60_000 },
  ).catch(error => {
    throw new Error(`${(error as Error).message}\n${daemon.log()}`);
  });
}

/** What /sluice/connectors/NAME says of the task. */
export async function progressOf(daemon: Daemon, name: string): Promise<TaskProgress | undefined> {
  const { body } = await ask(daemon, 'GET', `/sluice/connectors/${name}`);
  return (body as { tasks?: readonly TaskProgress[] }).tasks?.[0];
}

/** Waits until the task is tried again; what is said of that. */
export function retrying(daemon: Daemon, name: string) {
  return until(
    async () => {
      const progress = await progressOf(daemon, name);
      return progress?.state === 'RETRYING' && progress.retrying;
    },
    { what: `the task of ${name} to be tried again`, timeoutMs: 60_000 },
  ).catch(error => {
    throw new Error(`${(error as Error).message}\n${daemon.log()}`);
  });
}

/** All records of topics of the embedded log, read beside the daemon; none of a topic that is not there. */
export async function logged(dataDir: string, topics: readonly string[]): Promise<LogRecord[]> {
  await using log = await openEmbeddedLog({ dataDir, readOnly: true, logger: silentLogger });
  const known = (await log.describeTopics(topics)).map(({ topic }) => topic);
  const records: LogRecord[] = [];
  const abort = new AbortController().signal;
  for await (const batch of log.read({ topics: known, from: 'start', follow: false }, abort)) records.push(...batch);
  return records;
}

/** The envelope's `op` and the row's `id` of each record of a topic, in its order: `c7`. */
export async function changesIn(daemon: Daemon, topic: string): Promise<string[]> {
  return (await logged(daemon.dataFolder, [topic])).flatMap(({ value }) => {
    if (value === null) return [];
    const { op, before, after } = JSON.parse(Buffer.from(value).toString('utf8'));
    if (op === undefined) throw new Error(`${topic} holds no envelopes`);
    return [`${op}${(after ?? before).id}`];
  });
}

/** Waits until a topic holds exactly these changes. */
export async function untilLogged(daemon: Daemon, topic: string, expected: readonly string[]): Promise<void> {
  let found: readonly string[] = [];
  await until(
    async () => {
      found = await changesIn(daemon, topic);
      return found.length >= expected.length;
    },
    { what: `${expected.length} changes in ${topic}`, timeoutMs: 60_000, everyMs: 50 },
  ).catch(error => {
    throw new Error(`${(error as Error).message}: ${found.join(' ')}\n${daemon.log()}`);
  });
  assert.deepEqual(found, expected);
}
