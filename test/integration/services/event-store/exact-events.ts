import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runCommand } from '../../../support/command-line-run.ts';
import { until } from '../../../support/until.ts';
import { type FoundRecord, recordsOf } from '../published-events.ts';
import { type Sent, serverSentEvents } from './event-source-client.ts';
import type { EventStoreDaemon } from './killed-store.ts';

const boundMs = 120_000;

/** As JSON texts, since a test that parsed them would lose what it looks for; fields in the order in which jsonb keeps them. */
const [data, metadata] = ['{"iban":9007199254740993,"rate":0.25}', '{"trace":-12345678901234567890,"correlationId":"c-1"}'];
const happened = '2020-01-31T12:00:00.500Z';

/** The worker's settings that name the module of aggregates, which is written. To be called before the first start. */
export function exactAggregates({ daemon }: EventStoreDaemon): Readonly<Record<string, string>> {
  const file = join(dirname(daemon.workerFile), 'aggregates.mjs');
  const module = `
export default {
  account: {
    initial: () => ({ next: null, opened: 0 }),
    evolve: (state, { type, data }) => (type === 'Opened' ? { next: data.iban + 1n, opened: state.opened + 1 } : state),
    snapshotEvery: 1,
    name: 'account-1',
  },
};`;
  writeFileSync(file, module);
  return { 'services.event-store.aggregates': file };
}

/**
 * Of a store that a worker hosts, whatever it lies in: integers beyond 2^53 keep their digits from the request to every way of reading and to the topic, and
 * records are dated by their events.
 */
export async function exactAndDated(store: EventStoreDaemon): Promise<void> {
  const { url, dataFolder } = store.daemon;
  const text = async (path: string) => {
    const answer = await fetch(url + path);
    const found = await answer.text();
    assert.equal(answer.status, 200, found);
    return found;
  };
  const append = async (body: string) => {
    const answer = await fetch(`${url}/event-store/streams/account:1`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    return { status: answer.status, text: await answer.text() };
  };
  const beginMs = Date.now();
  const opened = `{"id":"opened","type":"Opened","data":${data},"metadata":${metadata},"timestamp":"${happened}"}`;
  // A broker would refuse a record that is dated ahead.
  const ahead = '{"id":"ahead","type":"Dated","data":null,"timestamp":"2999-01-01T00:00:00.000Z"}';
  assert.equal((await append(`{"events":[${opened},${ahead}]}`)).status, 201);
  const endless = await append(`{"events":[{"type":"Endless","data":{"digits":[1${'0'.repeat(400)}]}}]}`);
  assert.equal(endless.status, 400);
  assert.match(endless.text, /data\.digits\[0\] is Infinity/);

  const exact = `"data":${data},"metadata":${metadata}`;
  for (const query of ['', '?direction=backwards'])
    assert.ok((await text(`/event-store/streams/account:1${query}`)).includes(exact), query);
  // On PostgreSQL all events come when no older transaction runs on the server, and it may be other tests' too.
  const all = () => text('/event-store/events');
  const shown = await until(async () => (await all()).includes('"ahead"') && all(), {
    what: 'all events',
    timeoutMs: boundMs,
    everyMs: 100,
  });
  assert.ok(shown.includes(exact), shown);
  const state = '"state":{"next":9007199254740994,"opened":1}';
  // The second is made of the state that the first one stored.
  for (const what of ['made', 'stored']) assert.ok((await text('/event-store/streams/account:1/state')).endsWith(`${state}}`), what);
  const ended = new AbortController();
  const heard: Sent[] = [];
  for await (const sent of serverSentEvents(`${url}/event-store/subscribe`, ended.signal)) {
    heard.push(sent);
    if (heard.length === 2) break;
  }
  ended.abort();
  assert.ok(heard[0]!.text.includes(exact), heard[0]!.text);
  for (const { id, text } of heard) {
    assert.ok(text.startsWith(`{"position":${id},`), text);
    assert.ok(shown.includes(`{"position":${id},`), shown);
  }
  assert.ok(shown.endsWith(`"next":${heard[1]!.id}}`), shown);

  const command = async (...words: string[]) => {
    const { code, out, err } = await runCommand(['events', ...words, '-u', url]);
    assert.equal(code, 0, err);
    return out;
  };
  await command('append', 'account:2', 'Opened', data);
  assert.ok((await command('read', 'account:2')).includes(data));
  assert.ok((await command('read', 'account:1', '--json')).includes(exact));
  assert.equal(await command('state', 'account:2', '--json'), '{"next":9007199254740994,"opened":1}\n');

  const published = await until(
    async () => {
      const found = await recordsOf(dataFolder, ['domain-events']);
      return found.length >= 2 && found;
    },
    { what: `the events on domain-events. The end of the log:\n${store.daemon.log()}\n`, timeoutMs: boundMs, everyMs: 200 },
  );
  const [first, second] = published as readonly [FoundRecord, FoundRecord];
  assert.ok(first.value.includes(exact), first.value);
  assert.ok(first.value.endsWith(`"timestamp":"${happened}"}`), first.value);
  assert.equal(first.timestampMs, Date.parse(happened));
  assert.ok(second.value.endsWith('"timestamp":"2999-01-01T00:00:00.000Z"}'), second.value);
  assert.ok(second.timestampMs >= beginMs && second.timestampMs <= Date.now(), `${second.timestampMs}`);
}
