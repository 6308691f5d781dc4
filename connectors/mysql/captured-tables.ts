import type { CapturedTable } from '../../src/contract/index.ts';
import { qualifiedName } from '../debezium/table-name.ts';
import { topicNaming } from '../debezium/topic-naming.ts';
import { connect, disconnect } from './connection.ts';
import { breakOffAfter } from './disconnect.ts';
import type { MysqlConfig } from './options.ts';
import { listTables } from './server.ts';

/** The tables that a connector of this config captures now, with their topics. Throws a code of `databaseError`. */
export async function capturedTables({ settings, filters, shared }: MysqlConfig, abort: AbortSignal): Promise<readonly CapturedTable[]> {
  const topics = topicNaming(shared.records.topics);
  const client = await connect(await settings.connection());
  using _ = breakOffAfter(abort, client);
  try {
    return (await listTables(client))
      .filter(({ id }) => filters.includesTable(id))
      .map(({ id }) => {
        const name = qualifiedName(id);
        const readWhenAdded = settings.snapshot.readsNewTables && settings.snapshot.includesTable(id) && name !== settings.signals.table;
        return { name, topic: topics.dataChangeTopic(id), readWhenAdded };
      });
  } finally {
    await disconnect(client);
  }
}
