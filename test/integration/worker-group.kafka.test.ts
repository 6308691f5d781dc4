import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { kafkaClient } from '../services/kafka.ts';
import { ChangingDatabase } from '../support/changing-database.ts';
import { DaemonGroup, type GroupDaemon } from '../support/group-daemons.ts';
import { publishedInKafka } from '../support/published.ts';
import { ScratchFolder } from '../support/scratch-folder.ts';
import { sharedKafka, sharedPostgres } from '../support/servers.ts';
import { settled } from '../support/settled.ts';
import { until } from '../support/until.ts';

/** Nobody dies here without a word: a session outlasts the pauses of a laden machine, and whoever leaves says so. */
const patient = { 'session.timeout.ms': '30000' };

/** A connector that is stopped, so that it needs no database: it is assigned all the same. */
async function makeStopped({ rest }: GroupDaemon, name: string, make = rest.change.bind(rest)): Promise<void> {
  const { host, port, user, password } = await sharedPostgres(18);
  await make('POST', '/connectors', {
    name,
    initial_state: 'STOPPED',
    config: {
      'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
      'topic.prefix': name,
      'database.hostname': host,
      'database.port': String(port),
      'database.user': user,
      'database.password': password || 'x',
      'database.dbname': 'postgres',
      'plugin.name': 'pgoutput',
    },
  });
}

const sizes = (shares: ReadonlyMap<string, readonly string[]>) => [...shares.values()].map(own => own.length).sort();

test('workers of one group share connectors evenly, and keep what they have', { timeout: 240_000 }, async () => {
  await using group = new DaemonGroup(await sharedKafka(), patient);
  const first = await group.add();
  const names = ['a', 'b', 'c', 'd', 'e', 'f'];
  for (const name of names) await makeStopped(first, name);
  assert.deepEqual(sizes(await group.settled([first], names)), [6]);

  const second = await group.add();
  const two = await group.settled([first, second], names);
  assert.deepEqual(sizes(two), [3, 3]);

  const third = await group.add();
  const three = await group.settled([first, second, third], names);
  assert.deepEqual(sizes(three), [2, 2, 2]);
  for (const { id } of [first, second])
    assert.ok(
      three.get(id)!.every(name => two.get(id)!.includes(name)),
      'what stays was there before',
    );

  // The one that leaves gives its connectors to the others at once; these keep theirs.
  await second.daemon.stop();
  const left = await group.settled([first, third], names);
  assert.deepEqual(sizes(left), [3, 3]);
  for (const { id } of [first, third])
    assert.ok(
      three.get(id)!.every(name => left.get(id)!.includes(name)),
      'they keep what they had',
    );

  // A connector that goes and one that comes, through a worker that is not the leader.
  const leader = (await first.group()).leader;
  const other = leader === first.id ? third : first;
  await other.rest.delete('a');
  await makeStopped(other, 'g');
  const changed = await group.settled([first, third], ['b', 'c', 'd', 'e', 'f', 'g']);
  assert.deepEqual(sizes(changed), [3, 3]);
});

test('a connector is seen and changed through any worker, and runs on one', { timeout: 240_000 }, async t => {
  const kafka = await sharedKafka();
  const name = 'shared';
  await using changing = await ChangingDatabase.start(await sharedPostgres(18), 21);
  await using group = new DaemonGroup(kafka, patient);
  const [first, second] = [await group.add(), await group.add()];
  await group.settled([first, second], []);
  await second.rest.putConfig(name, changing.config);
  const shares = await group.settled([first, second], [name]);
  const [owner, other] = shares.get(first.id)!.includes(name) ? [first, second] : [second, first];
  await owner.rest.running(name);

  await t.test('what it says is the owner’s', async () => {
    await until(async () => (await other.rest.status(name))?.tasks[0]?.state === 'RUNNING', { what: 'RUNNING to be told' });
    await until(async () => (await owner.rest.topics(name)).length === changing.topics.length, { what: 'all topics', timeoutMs: 60_000 });
    assert.deepEqual(await other.rest.status(name), await owner.rest.status(name));
    assert.equal((await other.rest.status(name))!.tasks[0]!.worker_id, owner.id);
    for (const path of ['', '/config', '/tasks', '/tasks/0/status', '/topics', '/status'])
      assert.deepEqual(
        await other.rest.call('GET', `/connectors/${name}${path}`),
        await owner.rest.call('GET', `/connectors/${name}${path}`),
        path,
      );
    const expanded = await other.rest.call<Record<string, object>>('GET', '/connectors?expand=info&expand=status');
    assert.deepEqual(expanded, await owner.rest.call('GET', '/connectors?expand=info&expand=status'));
    const progress = await other.rest.call<{ tasks: { phase: string }[] }>('GET', `/sluice/connectors/${name}`);
    assert.ok(progress.tasks[0]!.phase);
    const all = await other.rest.call<Record<string, { tasks: unknown[] }>>('GET', '/sluice/connectors');
    assert.equal(all[name]!.tasks.length, 1);
  });

  await t.test('pause, change, restart, resume, stop', async () => {
    await other.rest.change('PUT', `/connectors/${name}/pause`);
    await until(async () => (await owner.rest.status(name))?.tasks[0]?.state === 'PAUSED', { what: 'PAUSED' });
    await until(async () => (await other.rest.status(name))?.tasks[0]?.state === 'PAUSED', { what: 'PAUSED to be told' });
    await other.rest.change('PATCH', `/connectors/${name}/config`, { 'snapshot.fetch.size': '300' });
    const config = await owner.rest.call<Record<string, string>>('GET', `/connectors/${name}/config`);
    assert.equal(config['snapshot.fetch.size'], '300');
    await other.rest.change('PUT', `/connectors/${name}/resume`);
    await owner.rest.running(name);
    await other.rest.change('POST', `/connectors/${name}/restart?includeTasks=true`);
    await owner.rest.running(name);
    await other.rest.stop(name);
    const { offsets } = await other.rest.call<{ offsets: object[] }>('GET', `/connectors/${name}/offsets`);
    assert.ok(offsets.length > 0);
    await other.rest.change('PATCH', `/connectors/${name}/offsets`, { offsets });
    await other.rest.change('PUT', `/connectors/${name}/resume`);
    await owner.rest.running(name);
  });

  await t.test('a request that was handed on goes no further', async () => {
    const response = await fetch(`${other.daemon.url}/connectors/${name}/pause`, {
      method: 'PUT',
      headers: { 'sluice-handed-on-by': 'x' },
    });
    assert.equal(response.status, 409);
    assert.match(await response.text(), /rebalance/);
    await owner.rest.running(name);
  });

  await t.test('when the owner leaves, the other one goes on where it was', async () => {
    await owner.daemon.stop();
    const runsThere = async () => {
      const [task] = (await other.rest.assertNotFailed(name))?.tasks ?? [];
      return task?.state === 'RUNNING' && task.worker_id === other.id;
    };
    await until(runsThere, { what: 'the other worker to run it' });
    await changing.rest();
    await settled(changing.database, changing.slot, { check: () => other.rest.assertNotFailed(name) });
    t.diagnostic(`followed: ${await changing.assertPublished(publishedInKafka(kafka, changing.topics))}`);
  });
});

test('beside members of another kind a worker runs nothing, says so, and begins when they are gone', { timeout: 240_000 }, async () => {
  const kafka = await sharedKafka();
  await using group = new DaemonGroup(kafka, patient);
  // As a worker of Kafka Connect is: of a type and with protocols that are not ours.
  const stranger = kafkaClient(kafka).consumer({ groupId: group.settings['group.id']! });
  await stranger.connect();
  let present = true;
  const leave = async () => {
    if (present) await stranger.disconnect();
    present = false;
  };
  try {
    await stranger.subscribe({ topics: [await someTopic(kafka)] });
    const joined = new Promise(resolve => stranger.on('consumer.group_join', resolve));
    await stranger.run({ eachMessage: async () => {} });
    await joined;
    const daemon = await group.add();
    const refused = await until(async () => (await daemon.group()).reason, { what: 'the reason' });
    assert.match(refused, /has members of another kind: workers of Kafka Connect, or workers with other storage topics\. Stop them/);
    await assert.rejects(makeStopped(daemon, 'a', daemon.rest.call.bind(daemon.rest)), { status: 409 });
    await leave();
    await group.settled([daemon], []);
    await makeStopped(daemon, 'a');
    await group.settled([daemon], ['a']);
  } finally {
    await leave();
  }
});

test('a connector of a worker’s file runs wherever the group puts it, and stays while its worker is there', {
  timeout: 240_000,
}, async () => {
  await using group = new DaemonGroup(await sharedKafka(), patient);
  using folder = new ScratchFolder('connectors');
  const first = await group.add();
  await makeStopped(first, 'a');
  const config = await first.rest.call<Record<string, string>>('GET', '/connectors/a/config');
  await writeFile(
    folder.file('held.json'),
    JSON.stringify({ name: 'held', initial_state: 'stopped', config: { ...config, name: 'held', 'database.password': 'x' } }),
  );
  const second = await group.add({ connectors: folder.file('held.json') });
  await group.settled([first, second], ['a', 'held']);
  await assert.rejects(first.rest.delete('held'), { status: 409, message: /held by the worker's file/ });
  // Another worker's start does not take it for one whose file is gone.
  await first.daemon.stop();
  await first.daemon.start();
  await group.settled([first, second], ['a', 'held']);
  await second.daemon.stop();
  await group.settled([first], ['a', 'held']);
  await first.rest.delete('held');
  await group.settled([first], ['a']);
});

/** A new topic that is there to be subscribed to. */
async function someTopic(kafka: string): Promise<string> {
  const topic = `some-${randomBytes(4).toString('hex')}`;
  const admin = kafkaClient(kafka).admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic }], waitForLeaders: true });
  await admin.disconnect();
  return topic;
}
