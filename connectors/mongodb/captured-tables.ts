import type { CapturedTable } from '../../src/contract/index.ts';
import { topicNaming } from '../debezium/topic-naming.ts';
import { namespaceOf, tableId } from './collection-id.ts';
import { capturedCollections, isReadWhenAdded } from './collections.ts';
import { connect } from './connection.ts';
import { databaseError } from './database-error.ts';
import type { MongoConfig } from './options.ts';

/** The collections that a connector of this config captures now, with their topics. Throws a code of `databaseError`. */
export async function capturedTables({ settings, topics }: MongoConfig, abort: AbortSignal): Promise<readonly CapturedTable[]> {
  const naming = topicNaming(topics);
  const client = await connect(settings.connection, abort);
  try {
    const listed = await capturedCollections(client, settings);
    return listed.map(id => {
      const topic = naming.dataChangeTopic(tableId(id));
      return { name: namespaceOf(id), topic, readWhenAdded: isReadWhenAdded(id, settings) };
    });
  } catch (error) {
    throw databaseError(error, 'Listing the collections');
  } finally {
    await client.close().catch(() => {});
  }
}
