import type mysql from 'mysql2/promise';
import type { MysqlFlavor } from '../services/mysql.ts';

/** The tables of `random-changes.ts` for MySQL: two of them larger than what is read in one go; keys whose order depends on a collation. */
export function changedMysqlTablesSetup(flavor: MysqlFlavor): string {
  return `
  create table numbered (id int primary key, v text, pad text);
  create table named (name varchar(40), nr int, v text, pad text, primary key (name, nr)) default charset = utf8mb4;
  create table small (id int primary key, v text);
  create table keyed (id int primary key, v text);
  set session ${flavor === 'mysql' ? 'cte_max_recursion_depth' : 'max_recursive_iterations'} = 100000;
  insert into numbered with recursive n as (select 1 as i union all select i + 1 from n where i < 9000) select i * 2, 'initial', repeat('p', 1000) from n;
  insert into named with recursive n as (select 1 as i union all select i + 1 from n where i < 9000)
    select elt(1 + i % 8, 'Ähre', 'apfel', 'Zebra', 'zebra', 'Über', 'o''hara', 'back\\\\slash', 'tab\\t'), i, 'initial', repeat('p', 1000) from n;
  insert into small with recursive n as (select 1 as i union all select i + 1 from n where i < 50) select i, 'initial' from n;
  insert into keyed with recursive n as (select 1 as i union all select i + 1 from n where i < 50) select i, 'initial' from n;`;
}

/** One transaction: inserts, updates, deletes and moved keys, in several tables. */
export async function transactMysql(client: mysql.Connection, random: (below: number) => number, n: number): Promise<void> {
  await client.query('begin');
  for (let step = 0; step <= random(4); step++) {
    const id = random(20_000);
    const statements = [
      ["update numbered set v = concat('changed ', ?) where id between ? and ? + 3", [n, id, id]],
      ['insert into numbered values (?, ?, repeat(?, 100)) on duplicate key update v = values(v)', [id, `new ${n}`, 'q']],
      ['delete from numbered where id = ?', [id]],
      ['update ignore numbered set id = ? where id = ?', [random(20_000), id]],
      ["update named set v = concat('changed ', ?) where nr = ?", [n, random(9000)]],
      ["update ignore named set name = 'moved' where nr = ?", [random(9000)]],
      ['delete from named where nr = ?', [random(9000)]],
      ["update small set v = concat('changed ', ?) where id = ?", [n, random(50)]],
      ["insert into keyed values (?, 'new') on duplicate key update v = concat('again ', ?)", [random(100), n]],
    ] as const;
    const [statement, values] = statements[random(statements.length)]!;
    await client.query(statement, [...values]);
  }
  await client.query(random(8) === 0 ? 'rollback' : 'commit');
}

/** The database's rows as the records have them. */
export async function mysqlRowsOf(client: mysql.Connection, table: string, columns: readonly string[]): Promise<readonly string[]> {
  const [rows] = await client.query({ sql: `select ${columns.join(', ')} from ${table}`, rowsAsArray: true });
  return (rows as unknown[]).map(row => JSON.stringify(row)).sort();
}
