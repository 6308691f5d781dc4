import type pg from 'pg';

/** Numbers that look random and are the same for the same seed. */
export function randomOf(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return below => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Two tables larger than what is read in one go, so that they are read by key, in batches; keys whose order depends on a collation. */
export const changedTablesSetup = `
  create table numbered (id int primary key, v text, pad text);
  create table named (name text collate "en-x-icu", nr int, v text, pad text, primary key (name, nr));
  create table small (id int primary key, v text);
  create table keyed (id int primary key, v text);
  alter table numbered replica identity full; alter table named replica identity full; alter table small replica identity full; alter table keyed replica identity full;
  alter table numbered alter pad set storage external; alter table named alter pad set storage external;
  insert into numbered select n * 2, 'initial', repeat('p', 1000) from generate_series(1, 9000) n;
  insert into named select (array['Ähre', 'apfel', 'Zebra', 'zebra', 'Über', 'o''hara', 'back\\slash', 'tab' || chr(9)])[1 + n % 8], n, 'initial', repeat('p', 1000) from generate_series(1, 9000) n;
  insert into small select n, 'initial' from generate_series(1, 50) n;
  insert into keyed select n, 'initial' from generate_series(1, 50) n;
  create publication everything for all tables;`;

/** One transaction: inserts, updates, deletes and moved keys, in several tables. */
export async function transact(client: pg.Client, random: (below: number) => number, n: number): Promise<void> {
  await client.query('begin');
  for (let step = 0; step <= random(4); step++) {
    const id = random(20_000);
    const statements = [
      [`update numbered set v = 'changed ' || $1::text where id between $2::int and $2::int + 3`, [n, id]],
      ['insert into numbered values ($1, $2, repeat($3, 100)) on conflict (id) do update set v = excluded.v', [id, `new ${n}`, 'q']],
      ['delete from numbered where id = $1', [id]],
      ['update numbered set id = $1 where id = $2 and not exists (select from numbered where id = $1)', [random(20_000), id]],
      [`update named set v = 'changed ' || $1::text where nr = $2`, [n, random(9000)]],
      [`update named set name = 'moved' where nr = $1 and not exists (select from named where name = 'moved' and nr = $1)`, [random(9000)]],
      ['delete from named where nr = $1', [random(9000)]],
      [`update small set v = 'changed ' || $1::text where id = $2`, [n, random(50)]],
      [`insert into keyed values ($1, 'new') on conflict (id) do update set v = 'again ' || $2::text`, [random(100), n]],
    ] as const;
    const [statement, values] = statements[random(statements.length)]!;
    await client.query(statement, [...values]);
  }
  await client.query(random(8) === 0 ? 'rollback' : 'commit');
}

/** The tables with the columns that their records hold. */
export const changedTables = [
  ['numbered', ['id', 'v', 'pad']],
  ['named', ['name', 'nr', 'v', 'pad']],
  ['small', ['id', 'v']],
  ['keyed', ['id', 'v']],
] as const;

/** The database's rows as the records have them. */
export async function rowsOf(client: pg.Client, table: string, columns: readonly string[]): Promise<readonly string[]> {
  const { rows } = await client.query({ text: `select ${columns.join(', ')} from ${table}`, rowMode: 'array' });
  return rows.map(row => JSON.stringify(row)).sort();
}
