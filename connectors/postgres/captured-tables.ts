import type { CapturedTable } from '../../src/contract/index.ts';
import { qualifiedName } from '../debezium/table-name.ts';
import { topicNaming } from '../debezium/topic-naming.ts';
import { Catalog } from './catalog.ts';
import { connect } from './connection.ts';
import { databaseError } from './database-error.ts';
import { breakOffAfter, disconnect } from './disconnect.ts';
import type { PostgresConfig } from './options.ts';

/** The tables that a connector of this config captures now, with their topics. Throws a code of `databaseError`. */
export async function capturedTables({ settings, filters, shared }: PostgresConfig, abort: AbortSignal): Promise<readonly CapturedTable[]> {
  const { connection, snapshot, signals } = settings;
  const topics = topicNaming(shared.records.topics);
  const client = await connect(connection, false, abort);
  using _ = breakOffAfter(abort, client);
  try {
    const listed = await new Catalog(client, connection.database).names();
    return listed
      .filter(({ id }) => filters.includesTable(id))
      .map(({ id }) => {
        const readWhenAdded = snapshot.readsNewTables && snapshot.includesTable(id) && qualifiedName(id) !== signals.table;
        return { name: qualifiedName(id), topic: topics.dataChangeTopic(id), readWhenAdded };
      });
  } catch (error) {
    throw databaseError(error, 'Listing the tables');
  } finally {
    await disconnect(client);
  }
}
