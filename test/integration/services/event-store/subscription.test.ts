import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../../../support/until.ts';
import { type Sent, serverSentEvents } from './event-source-client.ts';
import { newEventStoreDaemon } from './killed-store.ts';

test('a subscriber catches up, goes on live, and after a restart goes on where it was', { timeout: 180_000 }, async () => {
  await using store = await newEventStoreDaemon();
  await store.start();
  const count = 30;
  const append = async (n: number) => store.appendPatiently('order:1', [{ id: `event-${n}`, type: 'OrderChanged', data: { n } }]);
  for (let n = 0; n < 10; n++) await append(n);

  const heard: Sent[] = [];
  const ended = new AbortController();
  let connections = 0;
  // As a browser does: comes again with the id of the last event that it has.
  const listening = (async () => {
    while (!ended.signal.aborted) {
      const last = heard.at(-1)?.id;
      const url = `${store.daemon.url}/event-store/subscribe?after=0`;
      try {
        connections++;
        for await (const event of serverSentEvents(url, ended.signal, last === undefined ? {} : { lastEventId: last })) heard.push(event);
      } catch {
        await new Promise(resolve => setTimeout(resolve, 50));
      }
    }
  })();
  const hears = (events: number) =>
    until(() => heard.length >= events, { what: `${events} events, of which ${heard.length} came`, timeoutMs: 60_000 });

  await hears(10);
  for (let n = 10; n < 20; n++) await append(n);
  await hears(20);
  // SIGTERM, with the stream open: it ends cleanly, in its time.
  await store.daemon.stop();
  assert.equal(await store.daemon.ended(), 'exit code 0', store.daemon.log());
  await store.start();
  for (let n = 20; n < count; n++) await append(n);
  await hears(count);
  ended.abort();
  await listening;
  assert.ok(connections > 1);
  assert.deepEqual(
    heard.map(({ data }) => data),
    await store.all(),
    'each event once, in order',
  );
  assert.deepEqual(
    heard.map(({ id }) => Number(id)),
    heard.map(({ data }) => data.position),
  );
});
