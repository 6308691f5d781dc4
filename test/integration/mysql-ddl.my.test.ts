import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import mysql from 'mysql2/promise';
import { TableModels } from '../../connectors/mysql/ddl/table-models.ts';
import { freshMysqlDatabase } from '../support/fresh-mysql-database.ts';
import { sharedMariadb, sharedMysql } from '../support/servers.ts';
import { type ComparableTable, catalogTables, comparable } from './mysql-ddl/catalog-columns.ts';
import { changedColumns, doublesTable, randomStatement } from './mysql-ddl/random-ddl.ts';
import { readingOf, TableMaps } from './mysql-ddl/table-maps.ts';

/** A column that is CHANGEd counts no more unless that says so; Debezium has it count on, and so do the models. */
function keepsCounting(models: TableModels, statement: string): boolean {
  const changed = changedColumns(statement).map(name => name.toLowerCase());
  return models
    .tables()
    .some(({ columns }) => columns.some(({ name, autoIncremented }) => autoIncremented && changed.includes(name.toLowerCase())));
}

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
          if (keepsCounting(models, statement) || (mariadb && doublesTable(statement))) continue;
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

for (const [server, shared] of [
  ['mysql', sharedMysql],
  ['mariadb', sharedMariadb],
] as const) {
  const mariadb = server === 'mariadb';

  test(`what the binlog of ${server} says of a table agrees with its model, and makes up for one that is missing or stale`, async () => {
    const address = await shared();
    let reconciled = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(randomStatement, { minLength: 3, maxLength: 15 }),
        fc.array(fc.boolean(), { minLength: 16, maxLength: 16 }),
        async (statements, missed) => {
          await using database = await freshMysqlDatabase(address);
          const { connection, name } = database;
          await connection.query("set session sql_mode = ''");
          const reading = await readingOf(connection, server);
          await using maps = await TableMaps.open(address, connection, server);
          const settings = { server, includeComments: false, lowerCaseNames: false } as const;
          const models = new TableModels(settings);
          const stale = new TableModels(settings);
          for (const each of [models, stale]) each.apply('SET character_set_server=utf8mb4', '');
          for (const [index, statement] of ['create table r (a int primary key)', ...statements].entries()) {
            if (
              !(await connection.query(statement).then(
                () => true,
                () => false,
              ))
            )
              continue;
            models.apply(statement, name);
            stale.apply(missed[index] ? unreadable(statement) : statement, name);
          }
          for (const { id } of models.tables())
            await connection.query(`insert into ${mysql.escapeId(id.table)} () values ()`).catch(() => {});
          const expected = await catalogTables(connection, name);
          for (const map of await maps.take()) {
            if (map.database !== name) continue;
            reconciled++;
            const id = { catalog: name, schema: '', table: map.table };
            const model = models.table(id);
            assert.equal(models.reconcile(id, map, reading), model, 'a model that is right stays the very object');
            const right = expected.get(map.table)!;
            for (const found of [new TableModels(settings).reconcile(id, map, reading), stale.reconcile(id, map, reading)]) {
              assert.deepEqual(rescued(comparable(found, mariadb), right), rescued(right, right));
              if (right.primaryKey.length > 0) assert.deepEqual(found.primaryKeyColumnNames, right.primaryKey);
            }
          }
        },
      ),
      { numRuns: Number(process.env['DDL_RUNS'] ?? 25) },
    );
    assert.ok(reconciled > 20, `${reconciled} tables`);
  });
}

/** The same statement as if it had a clause that nobody knows. */
function unreadable(statement: string): string {
  return `${statement} (`;
}

/** What FULL metadata tells: no comments, and not what counts; DDL may leave such columns' NOT NULL unsaid. */
function rescued({ columns }: ComparableTable, right: ComparableTable): unknown {
  const counts = (name: string) => right.columns.some(column => column.name === name && column.autoIncremented);
  return columns.map(({ comment: _, autoIncremented: __, nullable, ...column }) => ({
    ...column,
    nullable: nullable && !counts(column.name),
  }));
}
