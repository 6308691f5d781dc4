import type pg from 'pg';
import type { Logger } from '../../src/contract/index.ts';
import { type PatternList, patternList } from '../debezium/patterns.ts';
import type { TableId } from '../debezium/table.ts';
import { qualifiedName } from '../debezium/table-name.ts';
import { quoteIdentifier, quoteTable } from './connection.ts';
import { databaseError } from './database-error.ts';

/** One entry of `replica.identity.autoset.values`. */
export type ReplicaIdentityRule = {
  /** `schema.table`. */
  readonly tables: PatternList;
  readonly identity: 'default' | 'full' | 'nothing' | 'index';
  /** Of `index`. */
  readonly index: string | null;
};

const entryPattern = /^\s*([^\s:]+):(DEFAULT|INDEX (.\w*)|FULL|NOTHING)\s*$/i;

/** Reads `schema.table:FULL,schema.other:INDEX name`. Throws an Error that completes `Invalid value ...: `. */
export function replicaIdentityRules(text: string): readonly ReplicaIdentityRule[] {
  if (text === '') throw new Error('Must not be empty');
  return text.split(',').map(entry => {
    const match = entryPattern.exec(entry);
    if (!match) throw new Error(`${entry} has an invalid format (expecting 'table:DEFAULT|FULL|NOTHING|INDEX name')`);
    const [, tables = '', identity = '', index] = match;
    const kind = identity.toLowerCase();
    return {
      tables: patternList(tables),
      identity: kind === 'default' || kind === 'full' || kind === 'nothing' ? kind : 'index',
      index: index ?? null,
    };
  });
}

/** What a table has now: its replica identity, and of `index` the index's name where it is known. */
export type CurrentReplicaIdentity = { readonly id: TableId; readonly replicaIdentity: ReplicaIdentityRule['identity'] };

/**
 * The statements that give captured tables the replica identity they are to have; none for those that have it. Throws an Error where
 * two entries match one table.
 */
export function replicaIdentityStatements(
  rules: readonly ReplicaIdentityRule[],
  tables: readonly CurrentReplicaIdentity[],
): readonly { readonly id: TableId; readonly statement: string }[] {
  return tables.flatMap(({ id, replicaIdentity }) => {
    const name = qualifiedName(id);
    const matching = rules.filter(rule => rule.tables.matches(name));
    if (matching.length > 1) throw new Error(`More than one entry of replica.identity.autoset.values matches the table ${name}`);
    const rule = matching[0];
    // Which index it is now is not known here: setting the same one again changes nothing.
    if (!rule || (rule.identity === replicaIdentity && rule.identity !== 'index')) return [];
    const identity = rule.identity === 'index' ? `USING INDEX ${quoteIdentifier(rule.index ?? '')}` : rule.identity.toUpperCase();
    return [{ id, statement: `ALTER TABLE ${quoteTable(id)} REPLICA IDENTITY ${identity}` }];
  });
}

/** Gives captured tables the replica identity they are to have. Throws the database's refusal with the table's name. */
export async function changeReplicaIdentities(
  client: pg.Client,
  rules: readonly ReplicaIdentityRule[],
  tables: readonly CurrentReplicaIdentity[],
  logger: Logger,
): Promise<void> {
  for (const { id, statement } of replicaIdentityStatements(rules, tables)) {
    const name = qualifiedName(id);
    logger.info({ table: name }, `Changing the replica identity (replica.identity.autoset.values): ${statement}`);
    await client.query(statement).catch(error => Promise.reject(databaseError(error, `Changing the replica identity of ${name}`)));
  }
}
