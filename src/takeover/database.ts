import type { RawConfig } from '../contract/index.ts';

/** A database whose connectors can be taken over. MariaDB’s is in all of this as MySQL’s. */
export type TakenDatabase = 'postgres' | 'mysql' | 'mongodb';

const classes: readonly (readonly [pattern: RegExp, database: TakenDatabase])[] = [
  [/(?:^|\.)PostgresConnector$|^postgres(?:ql)?$/, 'postgres'],
  [/(?:^|\.)(?:MySqlConnector|MariaDbConnector)$|^(?:mysql|mariadb)$/, 'mysql'],
  [/(?:^|\.)MongoDbConnector$|^mongodb$/, 'mongodb'],
];

/** The database of a connector, by its class; null: none of those that can be taken over. */
export function databaseOf(config: RawConfig): TakenDatabase | null {
  const name = (config['connector.class'] ?? '').trim();
  return classes.find(([pattern]) => pattern.test(name))?.[1] ?? null;
}
