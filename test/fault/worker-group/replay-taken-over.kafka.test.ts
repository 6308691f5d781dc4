import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Item, itemRecords, itemsLeft, jsonConverters, kafkaLog, keys, partitions } from '../../integration/replay/item-records.ts';
import { jdbcUrl } from '../../integration/sinks/views/views-target.ts';
import { freshDatabase } from '../../support/fresh-database.ts';
import { DaemonGroup } from '../../support/group-daemons.ts';
import { sharedKafka, sharedPostgres } from '../../support/servers.ts';
import { until } from '../../support/until.ts';

type Shown = { readonly id: string; readonly state: string; readonly records: number; readonly error: unknown };

const waitMsMax = 90_000;
/** A row's last record, and of a deleted row the delete and its tombstone. */
const recordsOfAll = itemsLeft.length + 2 * (keys - itemsLeft.length);

test('a worker is killed in the midst of a replay: the other one takes the sink over, and goes on from what was stored of it', {
  timeout: 240_000,
}, async () => {
  const [kafka, log] = [await sharedKafka(), await kafkaLog()];
  await using database = await freshDatabase(await sharedPostgres(18));
  const { client } = database;
  await client.query('create table items (id int primary key, n int, name text)');
  const items = async () => (await client.query<Item>('select id, n, name from items order by id')).rows;
  // Longer than this machine keeps a process waiting: who is taken for dead is.
  await using group = new DaemonGroup(kafka, { 'session.timeout.ms': '12000' });
  const workers = [await group.add(), await group.add()] as const;
  const [topic, sink] = [log.named('items'), log.named('copy')];
  await log.seed(workers[0].daemon, topic, partitions, itemRecords(topic, Date.now() - 3_600_000));
  await workers[0].rest.putConfig(sink, {
    topics: topic,
    ...jsonConverters,
    'connector.class': 'jdbc',
    'connection.url': jdbcUrl(database.url),
    'insert.mode': 'upsert',
    'primary.key.mode': 'record_key',
    'delete.enabled': 'true',
    'collection.name.format': 'items',
  });
  const shares = await group.settled(workers, [sink]);
  const [owner, other] = shares.get(workers[0].id)!.includes(sink) ? workers : [workers[1], workers[0]];
  await until(async () => (await items()).length === itemsLeft.length, { what: 'the items to be copied', timeoutMs: waitMsMax });
  await other.rest.call('GET', `/connectors/${sink}/wait?timeout=${waitMsMax}`);
  assert.deepEqual(await items(), itemsLeft);

  await client.query("update items set name = 'wrong'; insert into items values (5, 3, 'back')");
  const path = `/connectors/${sink}/replays`;
  // Asked of a worker that has not the sink: it hands it on.
  const { id } = await other.rest.call<Shown>('POST', path, { from: 'start', rate: 4 });
  const shown = () => other.rest.call<Shown>('GET', `${path}/${id}`);
  // Early, so that some is left whenever this is seen.
  const begun = async () => (await shown()).records >= recordsOfAll / 3;
  await until(begun, { what: 'a third of it to be sent', timeoutMs: waitMsMax });
  await owner.daemon.stop('SIGKILL');
  assert.ok((await items()).some(({ name }) => name === 'wrong'));

  await group.settled([other], [sink]);
  const ended = async () => {
    const view = await shown();
    return view.state !== 'RUNNING' && view;
  };
  const view = await until(ended, { what: `the replay to end. The end of the log:\n${other.daemon.log()}\n`, timeoutMs: waitMsMax });
  assert.deepEqual([view.state, view.error], ['COMPLETED', null]);
  assert.deepEqual(await items(), itemsLeft);
  assert.ok(view.records >= recordsOfAll, `${view.records} records`);
  const goesOn = other.daemon
    .log(500)
    .split('\n')
    .find(line => line.includes('The replay goes on from where it was'));
  assert.ok(Number(/"records":(\d+)/.exec(goesOn ?? '')?.[1]) > 0, `not from its beginning: ${goesOn}`);
});
