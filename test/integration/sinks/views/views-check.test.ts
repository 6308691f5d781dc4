import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { freshDatabase } from '../../../support/fresh-database.ts';
import { ScratchFolder } from '../../../support/scratch-folder.ts';
import { sharedPostgres } from '../../../support/servers.ts';
import { jdbcUrl, viewsSinkOf } from './views-target.ts';
import { rightViews, wrongViews } from './wrong-views.ts';

const never = new AbortController().signal;

async function faults(url: string, views: string): Promise<readonly string[]> {
  await using sink = viewsSinkOf({ 'connection.url': url, views });
  const found = await sink.check(never);
  return found.filter(({ status }) => status === 'fault').map(({ message }) => message);
}

async function checked(kind: 'postgres' | 'sqlite', url: string): Promise<void> {
  for (const { what, views, place, message, only } of wrongViews) {
    if (only !== undefined && only !== kind) continue;
    const found = await faults(url, views);
    assert.ok(found.length > 0, `${what} is refused`);
    assert.match(found[0]!, message, what);
    assert.ok(found[0]!.startsWith(`views:${place}`), `${what} is placed at ${place}: ${found[0]}`);
  }
  for (const views of rightViews) assert.deepEqual(await faults(url, views), [], views);
}

describe('a view that breaks the rule is refused at check, with its place in the file', () => {
  test('Postgres', async () => {
    await using database = await freshDatabase(await sharedPostgres(18));
    await checked('postgres', jdbcUrl(database.url));
    const { rows } = await database.client.query(`select nspname from pg_namespace where nspname like '%sluice%'`);
    assert.deepEqual(rows, [], 'a check leaves nothing behind');
  });

  test('SQLite', async () => {
    using scratch = new ScratchFolder('views-check');
    await checked('sqlite', `jdbc:sqlite:${scratch.file('views.db')}`);
  });

  test('a target that is not there', async () => {
    const found = await faults('jdbc:postgresql://127.0.0.1:1/none?user=nobody', rightViews[0]!);
    assert.match(found[0]!, /ECONNREFUSED/);
    assert.match((await faults('jdbc:sqlite:/no/such/folder/views.db', rightViews[0]!))[0]!, /its folder is not there/);
  });
});
