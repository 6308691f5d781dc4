import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { cached } from '../../test/services/cache-folder.ts';

const version = '0.42.4';
/** The store asks for a core of its own version, which is not published everywhere; with this one, and what the core needs, it works. */
const packages = [
  `@event-driven-io/emmett-sqlite@${version}`,
  ...['@event-driven-io/emmett@0.42.0', 'sqlite3@5.1.7', 'uuid@10.0.0', 'async-retry@1.3.3', 'commander@12.1.0'],
];

/** What is used of Emmett. */
type EmmettEvent = { readonly type: string; readonly data: object };
export type EmmettStore = {
  appendToStream(stream: string, events: readonly EmmettEvent[]): Promise<unknown>;
  aggregateStream<State>(
    stream: string,
    options: { evolve(state: State, event: EmmettEvent): State; initialState(): State },
  ): Promise<{ state: State }>;
  readonly schema: { migrate(): Promise<void> };
};
type Connection = { close(): void };
type Library = {
  getSQLiteEventStore(options: object): EmmettStore;
  sqliteConnection(options: { fileName: string }): Connection;
};

/** Emmett's SQLite store, installed once beside the downloaded servers: it is no dependency of ours. */
async function library(): Promise<Library> {
  const folder = await cached(`emmett-sqlite-${version}`, async half => {
    await writeFile(join(half, 'package.json'), JSON.stringify({ private: true, type: 'module', allowScripts: { sqlite3: true } }));
    await promisify(execFile)('npm', ['install', '--no-audit', '--no-fund', '--legacy-peer-deps', ...packages], {
      cwd: half,
      maxBuffer: 1 << 26,
    });
  });
  const found = createRequire(join(folder, 'package.json')).resolve('@event-driven-io/emmett-sqlite');
  return (await import(pathToFileURL(found).href)) as Library;
}

/** A store over one connection. Calls must not overlap: its transactions would, and the first to end would not be durable yet. */
export async function emmettStoreOverOneConnection(fileName: string): Promise<{ readonly store: EmmettStore; close(): void }> {
  const { getSQLiteEventStore, sqliteConnection } = await library();
  const connection = sqliteConnection({ fileName });
  const store = getSQLiteEventStore({ fileName, connectionOptions: { singleton: true, connection } });
  await store.schema.migrate();
  return { store, close: () => connection.close() };
}
