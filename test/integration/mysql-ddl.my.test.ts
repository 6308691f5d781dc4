import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TableModels } from '../../connectors/mysql/ddl/table-models.ts';
import { freshMysqlDatabase } from '../support/fresh-mysql-database.ts';
import { sharedMariadb, sharedMysql } from '../support/servers.ts';
import { catalogTables, comparable } from './mysql-ddl/catalog-columns.ts';
import { randomStatement } from './mysql-ddl/random-ddl.ts';

for (const [server, shared] of [
  ['mysql', sharedMysql],
  ['mariadb', sharedMariadb],
] as const) {
  const mariadb = server === 'mariadb';

  test(`whatever DDL ${server} takes, the models have the tables as its catalog has them`, async () => {
    const address = await shared();
    let applied = 0;
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(randomStatement, { minLength: 1, maxLength: 25 }), async statements => {
        await using database = await freshMysqlDatabase(address);
        const models = new TableModels({ server, includeComments: true, lowerCaseNames: false });
        models.apply('SET character_set_server=utf8mb4', '');
        for (const statement of ['create table r (a int primary key)', ...statements]) {
          try {
            await database.connection.query(statement);
          } catch {
            refused++;
            continue;
          }
          applied++;
          const outcome = models.apply(statement, database.name);
          assert.deepEqual(outcome.unreadable, [], statement);
          const expected = await catalogTables(database.connection, database.name);
          assert.deepEqual(
            models
              .tables()
              .map(({ id }) => id.table)
              .sort(),
            [...expected.keys()].sort(),
            statement,
          );
          for (const model of models.tables()) {
            const found = comparable(model, mariadb);
            const right = expected.get(model.id.table)!;
            assert.deepEqual(found.columns, right.columns, statement);
            assert.equal(found.charset, right.charset, statement);
            // Without a primary key a unique one takes its place: the catalog does not call it so.
            if (right.primaryKey.length > 0) assert.deepEqual(found.primaryKey, right.primaryKey, statement);
          }
        }
      }),
      { numRuns: Number(process.env['DDL_RUNS'] ?? 40) },
    );
    assert.ok(applied > 50 && refused > 0, `${applied} statements were applied, ${refused} refused`);
  });
}
