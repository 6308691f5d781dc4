import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { ConnectClient } from '../support/connect-client.ts';
import { type Daemon, startDaemon } from '../support/daemon.ts';
import { type FreshDatabase, freshDatabase } from '../support/fresh-database.ts';
import { sharedPostgres } from '../support/servers.ts';
import { until } from '../support/until.ts';

/** Stands in every row, in text and as a number: nothing that anybody can read may hold it. */
const text = 'geheim4711';
const number = '4711471147114711';

const unwrap = { 'transforms.unwrap.type': 'io.debezium.transforms.ExtractNewRecordState' };
const cast = { transforms: 'unwrap,cast', ...unwrap, 'transforms.cast.type': 'org.apache.kafka.connect.transforms.Cast$Value' };
const tolerant = { 'errors.tolerance': 'all', 'errors.log.enable': 'true' };

/** Connectors that fail over what a row holds, each in another room of the program. */
const failing: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'a text that is no number': { ...cast, 'transforms.cast.spec': 'note:int32' },
  'a text that is no date': {
    transforms: 'unwrap,date',
    ...unwrap,
    'transforms.date.type': 'org.apache.kafka.connect.transforms.TimestampConverter$Value',
    'transforms.date.field': 'note',
    'transforms.date.target.type': 'Timestamp',
    'transforms.date.format': 'yyyy-MM-dd',
  },
  'a condition that compares text with a number': {
    transforms: 'filter',
    'transforms.filter.type': 'io.debezium.transforms.Filter',
    'transforms.filter.language': 'cel',
    'transforms.filter.condition': 'value.after.note > 5',
  },
  'a value that the server cannot cast': {
    'snapshot.select.statement.overrides': 'public.secrets',
    'snapshot.select.statement.overrides.public.secrets': 'select id, note::int::text as note, big from public.secrets',
  },
};

describe('what a row holds reaches no log line, no error and no answer', { timeout: 240_000 }, () => {
  let database: FreshDatabase;
  let daemon: Daemon;
  let rest: ConnectClient;
  let config: Readonly<Record<string, string>>;

  before(async () => {
    const server = await sharedPostgres(18);
    database = await freshDatabase(server);
    await database.run(`create table secrets (id text primary key, note text, big bigint);
      insert into secrets values ('${text}', '${text}', ${number}); create publication everything for all tables`);
    daemon = await startDaemon({});
    rest = new ConnectClient(daemon.url);
    config = {
      'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
      'database.hostname': server.host,
      'database.port': String(server.port),
      'database.user': server.user,
      'database.password': server.password || 'x',
      'database.dbname': database.name,
      'publication.name': 'everything',
    };
  });
  after(async () => {
    await daemon?.[Symbol.asyncDispose]();
    await database?.[Symbol.asyncDispose]();
  });

  /** Starts a connector; ends with its name once `reached` finds what it waits for. */
  async function run(name: string, options: Readonly<Record<string, string>>, reached: () => Promise<boolean>): Promise<void> {
    const own = { 'topic.prefix': name, 'slot.name': `${name}_${database.name}` };
    await rest.putConfig(name, { ...config, ...own, ...options });
    await until(reached, { what: `${name} to run into it`, timeoutMs: 60_000 });
  }

  const failed = (name: string) => async () => (await rest.status(name))?.tasks[0]?.state === 'FAILED';
  const logged = (pattern: RegExp) => async () => pattern.test(await readFile(daemon.logFile, 'utf8'));

  /** Everything that can be read of a connector, and the daemon's log. */
  async function readable(name: string): Promise<string> {
    const answers = [`/connectors/${name}/status`, `/sluice/connectors/${name}`, `/connectors/${name}/tasks/0/status`];
    const answered = await Promise.all(answers.map(path => rest.call('GET', path)));
    return JSON.stringify(answered) + (await readFile(daemon.logFile, 'utf8'));
  }

  async function assertHidden(name: string): Promise<void> {
    for (const line of (await readable(name)).split('\n')) for (const secret of [text, number]) assert.ok(!line.includes(secret), line);
  }

  for (const [index, [what, options]] of Object.entries(failing).entries()) {
    test(`${what}: the task fails without showing it`, async () => {
      const name = `failing${index}`;
      await run(name, options, failed(name));
      await assertHidden(name);
    });
  }

  test('a record that is skipped is logged without what it holds, and with it where errors.log.include.messages says so', async () => {
    const skipped = /A record was skipped \(errors\.tolerance=all\)/;
    await run('skipping', { ...cast, 'transforms.cast.spec': 'note:int32', ...tolerant }, logged(skipped));
    await assertHidden('skipping');
    await run(
      'showing',
      { ...cast, 'transforms.cast.spec': 'note:int32', ...tolerant, 'errors.log.include.messages': 'true' },
      logged(new RegExp(text)),
    );
  });
});
