import type { MysqlServer } from '../../services/mysql.ts';
import { connectMysql } from '../../support/fresh-mysql-database.ts';
import { until } from '../../support/until.ts';
import { starts } from './capture.ts';

/** Settings of a server that another one's binlog is written on to, in files of another name and events of another size. */
const replicaSettings = { 'server-id': '9', 'log-bin': 'other', 'binlog-row-event-max-size': '256' };

/** A second server that follows the first one by its binlog, until it is told to stand alone. */
export class Replica implements AsyncDisposable {
  readonly server: MysqlServer;
  readonly #primary: MysqlServer;

  private constructor(server: MysqlServer, primary: MysqlServer) {
    this.server = server;
    this.#primary = primary;
  }

  /** Before anything was written to the primary. */
  static async start(primary: MysqlServer): Promise<Replica> {
    const { flavor, host, port, user, password } = primary;
    const settings = { ...replicaSettings, ...(flavor === 'mariadb' && { 'log-slave-updates': '1' }) };
    const replica = new Replica(await starts[flavor]({ settings }), primary);
    const from = (word: string) =>
      `${word}_host = '${host}', ${word}_port = ${port}, ${word}_user = '${user}', ${word}_password = '${password}'`;
    // What was made when it was initialised is none of the primary's.
    await replica.#run(
      flavor === 'mysql'
        ? `reset binary logs and gtids; change replication source to ${from('source')}, source_auto_position = 1, get_source_public_key = 1; start replica`
        : `reset master; set global gtid_slave_pos = ''; change master to ${from('master')}, master_use_gtid = slave_pos; start slave`,
    );
    return replica;
  }

  async #run(sql: string): Promise<void> {
    await using client = await connectMysql(this.server);
    await client.query(sql);
  }

  /** Waits until it has everything that the primary has committed by now. */
  async caughtUp(): Promise<void> {
    const { flavor } = this.server;
    const gtids = flavor === 'mysql' ? '@@global.gtid_executed' : '@@global.gtid_current_pos';
    await using primary = await connectMysql(this.#primary);
    await using replica = await connectMysql(this.server);
    const [[wanted]] = (await primary.query(`select ${gtids} as gtids`)) as unknown as [[{ gtids: string }]];
    const own = flavor === 'mysql' ? `gtid_subset('${wanted.gtids}', ${gtids})` : `@@global.gtid_slave_pos = '${wanted.gtids}'`;
    const has = async () => {
      const [[row]] = (await replica.query(`select ${own} as has`)) as unknown as [[{ has: number }]];
      return row.has === 1;
    };
    await until(has, { what: `the replica to have ${wanted.gtids}`, timeoutMs: 60_000, everyMs: 20 });
  }

  /** Falls behind, until it is told to go on. */
  async pause(): Promise<void> {
    await this.#run(this.server.flavor === 'mysql' ? 'stop replica' : 'stop slave');
  }

  async resume(): Promise<void> {
    await this.#run(this.server.flavor === 'mysql' ? 'start replica' : 'start slave');
  }

  /** Follows nobody any more, and takes writes of its own. */
  async promote(): Promise<void> {
    await this.#run(this.server.flavor === 'mysql' ? 'stop replica; reset replica all' : 'stop slave; reset slave all');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.server[Symbol.asyncDispose]();
  }
}
