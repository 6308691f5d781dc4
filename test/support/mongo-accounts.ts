import { MongoClient } from 'mongodb';
import type { MongodbAddress } from '../services/mongodb.ts';
import { AccountsUnderLoad, type FollowedAccounts, followed, plainJson } from './accounts-under-load.ts';
import type { FreshMongoDatabase } from './fresh-mongo-database.ts';
import { committedLines } from './published.ts';

type Account = { _id: number; version: number; rest: number };
type Update = { readonly after: string | null; readonly updateDescription?: { readonly updatedFields: string } | null };

/** Accounts, each at version 0, in a collection; what `accounts-under-load.ts` has for PostgreSQL. */
export class MongoAccounts {
  readonly #server: MongodbAddress;
  readonly #database: FreshMongoDatabase;
  readonly #collection: string;

  constructor(server: MongodbAddress, database: FreshMongoDatabase, collection: string) {
    [this.#server, this.#database, this.#collection] = [server, database, collection];
  }

  async make(accounts: number): Promise<void> {
    const documents = Array.from({ length: accounts }, (_, n) => ({ _id: n + 1, version: 0, rest: (n + 1) % 10 }));
    await this.#database.db.collection<Account>(this.#collection).insertMany(documents);
  }

  get #prefix(): string {
    return `${this.#database.name}_${this.#collection}`;
  }

  get topic(): string {
    return `${this.#prefix}.${this.#database.name}.${this.#collection}`;
  }

  /** A connector on them, as both Debezium and the daemon take it. An update tells what it changed, not what the document has come to since. */
  connector(): Record<string, string> {
    return {
      'connector.class': 'io.debezium.connector.mongodb.MongoDbConnector',
      'tasks.max': '1',
      'topic.prefix': this.#prefix,
      'mongodb.connection.string': this.#server.url,
      'database.include.list': this.#database.name,
      'collection.include.list': `${this.#database.name}.${this.#collection}`,
      'capture.mode': 'change_streams',
      'topic.creation.default.partitions': '1',
      'topic.creation.default.replication.factor': '1',
      ...plainJson,
    };
  }

  /** Raises their versions, a tenth at a time, until it is stopped. */
  load(pauseMs?: number): AccountsUnderLoad {
    return new AccountsUnderLoad(async () => {
      const client = await MongoClient.connect(this.#server.url);
      const accounts = client.db(this.#database.name).collection<Account>(this.#collection);
      return {
        raise: rest => accounts.updateMany({ rest }, { $inc: { version: 1 } }),
        [Symbol.asyncDispose]: () => client.close(),
      };
    }, pauseMs);
  }

  async followed(bootstrapServers: string): Promise<FollowedAccounts> {
    const lines = await committedLines(bootstrapServers, this.topic);
    const accounts = await this.#database.db.collection<Account>(this.#collection).find().toArray();
    return followed(
      lines.map(asRow),
      accounts.map(({ _id: id, version }) => ({ id, version })),
    );
  }
}

/** A line of key and event, as one of a row: what the event says of the document. */
function asRow(line: string): string {
  const at = line.indexOf('\t');
  const { id } = JSON.parse(line.slice(0, at)) as { id: string };
  const { after, updateDescription } = JSON.parse(line.slice(at + 1)) as Update;
  const { version } = JSON.parse(updateDescription?.updatedFields ?? after ?? '{}') as { version: number };
  return `\t${JSON.stringify({ after: { id: Number(id), version } })}`;
}
