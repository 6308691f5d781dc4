import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { freshDatabase } from '../../../support/fresh-database.ts';
import { ScratchFolder } from '../../../support/scratch-folder.ts';
import { sharedPostgres } from '../../../support/servers.ts';

const root = join(import.meta.dirname, '..', '..', '..', '..');
const store = pathToFileURL(join(root, 'src', 'services', 'event-store', 'postgres', 'api.ts')).href;
const driver = pathToFileURL(createRequire(import.meta.url).resolve('pg')).href;

test('the program of docs/event-store.md that appends within its own transaction', { timeout: 180_000 }, async () => {
  const page = readFileSync(join(root, 'docs', 'event-store.md'), 'utf8');
  const program = /^```ts\n(import [^\n]*'sluice\/event-store\/postgres';\n.*?)^```/ms.exec(page)![1]!;
  using folder = new ScratchFolder('event-store');
  writeFileSync(folder.file('order.ts'), program.replace("'sluice/event-store/postgres'", `'${store}'`).replace("'pg'", `'${driver}'`));
  await using database = await freshDatabase(await sharedPostgres(18));
  await database.run('create table order_numbers (id int primary key)');
  const env = { ...process.env, DATABASE_URL: database.url };
  const { stdout } = await promisify(execFile)(process.execPath, [folder.file('order.ts')], { env });
  assert.equal(stdout, 'order:1 is at version 1\n');
  const { rows } = await database.client.query('select event_type, n.id from event_store, order_numbers n');
  assert.deepEqual(rows, [{ event_type: 'OrderPlaced', id: 1 }]);
});
