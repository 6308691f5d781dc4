import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { newDaemon } from '../../../support/daemon.ts';
import { until } from '../../../support/until.ts';
import { exactAggregates, exactAndDated } from './exact-events.ts';
import { EventStoreDaemon, newEventStoreDaemon } from './killed-store.ts';

const publication = 'event-store-publication';

type View = {
  readonly state: string;
  readonly restarts: number;
  readonly retrying: { readonly code: string; readonly reason: string } | null;
  readonly health: { readonly publication: Readonly<Record<string, readonly string[]>> } | null;
};

async function viewOf(store: EventStoreDaemon): Promise<View> {
  return (await (await store.call('GET', '/sluice/services/event-store')).json()) as View;
}

describe('an event store that the worker hosts', { timeout: 180_000 }, () => {
  test('is published by a connector that REST shows and cannot take away', async () => {
    await using store = await newEventStoreDaemon();
    await store.start();
    await store.appendPatiently('order:1', [{ type: 'OrderPlaced', data: {} }]);
    await until(async () => (await viewOf(store)).health?.publication[publication]?.every(state => state === 'RUNNING'), {
      what: 'the publication to run',
      timeoutMs: 60_000,
    });
    const { config } = (await (await store.call('GET', `/connectors/${publication}`)).json()) as { config: Record<string, string> };
    assert.equal(config['topic'], 'domain-events');
    const held = /held by the worker's file .*worker\.yaml/;
    for (const [method, path, body] of [
      ['DELETE', `/connectors/${publication}`, undefined],
      ['PUT', `/connectors/${publication}/config`, { ...config, topic: 'elsewhere' }],
      ['PATCH', `/connectors/${publication}/config`, { topic: 'elsewhere' }],
    ] as const) {
      const answer = await store.call(method, path, body);
      assert.equal(answer.status, 409, `${method} ${path}`);
      assert.match(await answer.text(), held);
    }
    const copy = await store.call('PUT', '/connectors/copy/config', { ...config, name: 'copy' });
    assert.equal(copy.status, 400);
    assert.match(await copy.text(), /is run by the service event-store of the worker's file, and by no other connector/);
    const metrics = await (await store.call('GET', '/metrics')).text();
    for (const line of [
      'sluice_service_up{service="event-store"} 1',
      'sluice_service_restarts_total{service="event-store"} 0',
      'sluice_event_store_appended_events_total 1',
      'sluice_event_store_append_seconds_count 1',
    ])
      assert.ok(metrics.includes(`\n${line}\n`), line);

    // Taken out of the file, the service goes with its connector; its topic and its store stay.
    await store.daemon.stop();
    await store.daemon.configure({});
    await store.daemon.start();
    assert.deepEqual(await (await store.call('GET', '/connectors')).json(), []);
    assert.equal((await store.call('GET', '/event-store/events')).status, 404);
    assert.deepEqual(await (await store.call('GET', '/sluice/services')).json(), {});
  });

  test('keeps the digits of integers from the request to the topic, and its records the time of their events', async () => {
    await using store = await newEventStoreDaemon();
    await store.daemon.configure({ 'services.event-store.store': 'sqlite', ...exactAggregates(store) });
    await store.start();
    await exactAndDated(store);
  });

  test('that cannot be opened is tried again until it can, and everybody is told', async () => {
    await using store = new EventStoreDaemon(await newDaemon({}));
    const folder = dirname(store.daemon.workerFile);
    const module = join(folder, 'aggregates.mjs');
    await store.daemon.configure({ 'services.event-store.aggregates': 'aggregates.mjs' });
    await store.daemon.start();
    const failed = await until(async () => (await viewOf(store)).retrying, { what: 'the service to fail', timeoutMs: 60_000 });
    assert.equal(failed.code, 'CONFIG_INVALID');
    assert.match(failed.reason, /services\.event-store\.aggregates: there is no file .*aggregates\.mjs/);
    assert.equal((await store.call('GET', '/ready')).status, 200, 'connectors run, and REST is what mends it');
    const unready = await store.call('GET', '/ready?services=running');
    assert.equal(unready.status, 503);
    assert.match(await unready.text(), /1 of 1 services do not run: GET \/sluice\/services says why/);
    assert.equal((await store.call('POST', '/event-store/streams/order:1', { events: [{ type: 'T', data: 1 }] })).status, 503);
    assert.match(await (await store.call('GET', '/metrics')).text(), /\nsluice_service_up\{service="event-store"\} 0\n/);
    writeFileSync(module, 'export default { order: { initial: () => 0, evolve: state => state + 1 } };');
    await until(async () => (await store.call('GET', '/ready?services=running')).ok, { what: 'the service to run', timeoutMs: 60_000 });
    await store.appendPatiently('order:1', [{ type: 'T', data: 1 }]);
    const { state } = (await (await store.call('GET', '/event-store/streams/order:1/state')).json()) as { state: number };
    assert.equal(state, 1);
    assert.ok((await viewOf(store)).restarts > 0);
  });

  test('whose folder was emptied is another store: its events are published from the first on', async () => {
    await using store = await newEventStoreDaemon();
    await store.start();
    const positionIs = (position: string) =>
      until(
        async () => {
          const answer = await store.call('GET', `/sluice/connectors/${publication}`);
          if (!answer.ok) return false;
          const { tasks } = (await answer.json()) as { tasks: readonly { position: string | null; last_durable: string | null }[] };
          return tasks[0]?.position === position && tasks[0].last_durable !== null;
        },
        { what: `position ${position}`, timeoutMs: 60_000 },
      );
    for (const id of ['a', 'b', 'c']) await store.appendPatiently('order:1', [{ id, type: 'T', data: 1 }]);
    await positionIs('3');
    await store.daemon.stop();
    rmSync(join(store.daemon.dataFolder, 'event-store'), { recursive: true });
    await store.start();
    await store.appendPatiently('order:1', [{ id: 'x', type: 'T', data: 1 }]);
    await positionIs('1');
    const { offsets } = (await (await store.call('GET', `/connectors/${publication}/offsets`)).json()) as {
      offsets: readonly { offset: { position: number } }[];
    };
    assert.deepEqual(offsets.map(({ offset }) => offset.position).sort(), [1, 3]);
  });
});
