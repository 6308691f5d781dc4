import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseConfigText } from '../../../src/config/document.ts';
import { resolveWorker } from '../../../src/config/worker-file.ts';

const noKafka = async () => ({ parse: () => ({ faults: [], warnings: [] }) });

async function servicesOf(text: string, environment: Record<string, string> = {}) {
  const [document] = parseConfigText('worker.yaml', text);
  const { config } = await resolveWorker(document!, environment, noKafka);
  return config.services;
}

const eventStoreOf = async (text: string, environment: Record<string, string> = {}) => (await servicesOf(text, environment)).eventStore;

/** The texts of all faults. */
async function faultsOf(text: string): Promise<string> {
  return eventStoreOf(text).then(
    () => '',
    (error: Error) => error.message,
  );
}

describe('the services of a worker file', () => {
  test('are none where it names none', async () => {
    assert.equal(await eventStoreOf('data.dir: data'), null);
  });

  test('are there by their name alone', async () => {
    for (const text of ['services: { event-store: {} }', 'services.event-store:\n  topic: domain-events\n']) {
      const store = await eventStoreOf(text);
      assert.equal(store?.config.store, 'sqlite');
      assert.equal(store.config.topic, 'domain-events');
      assert.equal(store.config['topic.per.type'], false);
    }
  });

  test('say where sagas are kept: in the log, or in a schema of their own', async () => {
    const inLog = (await servicesOf('services: { sagas: {} }')).sagas;
    assert.equal(inLog?.config.store, 'log');
    const inPostgres = (await servicesOf('services: { sagas: { store: postgres, database.user: u, database.dbname: d } }')).sagas;
    assert.deepEqual([inPostgres?.config.store, inPostgres?.config['database.schema']], ['postgres', 'sluice_sagas']);
  });

  test('keep their placeholders for what is stored, and have them replaced for what runs', async () => {
    const store = await eventStoreOf(
      'services:\n  event-store:\n    store: postgres\n    database.user: u\n    database.dbname: d\n    database.password: ${env:PASSWORD}\n',
      { PASSWORD: 'secret' },
    );
    assert.equal(store?.config['database.password'], 'secret');
    assert.equal(store.raw['database.password'], '${env:PASSWORD}');
  });

  const wrong: [what: string, text: string, message: RegExp][] = [
    [
      'an unknown service',
      'services: { event-stor: {} }',
      /worker\.yaml:1: There is no service 'event-stor'; did you mean 'event-store'\?/,
    ],
    ['an unknown service with options', 'services:\n  events:\n    a: 1\n', /There is no service 'events'/],
    ['no service', 'services: nothing', /'services' names no service/],
    ['a text in place of options', 'services: { event-store: sqlite }', /'services\.event-store' is a map of options/],
    [
      'an unknown option',
      'services:\n  event-store:\n    topc: x\n',
      /worker\.yaml:3: services\.event-store: There is no option 'topc'; did you mean 'topic'\?/,
    ],
    [
      'a value that cannot be',
      'services: { event-store: { store: sqlit } }',
      /Value must be one of sqlite, postgres; did you mean "sqlite"\?/,
    ],
    ['a topic that cannot be', 'services: { event-store: { topic: "domain events" } }', /a topic’s name has letters/],
    ['an option of the other store', 'services: { event-store: { database.user: u } }', /'database\.user' belongs to store=postgres/],
    [
      'an option of the other store, the other way',
      'services: { event-store: { store: postgres, folder: f, database.user: u, database.dbname: d } }',
      /'folder' belongs to store=sqlite/,
    ],
    ['what is missing', 'services: { event-store: { store: postgres } }', /"database\.user"[\s\S]*"database\.dbname"/],
    [
      'a retention that keeps nothing',
      'services: { event-store: { retention.events: 0 } }',
      /Invalid value 0 for configuration retention\.events/,
    ],
    ['sagas in a database that is not named', 'services: { sagas: { store: postgres } }', /sagas: Missing[^\n]*"database\.user"/],
    [
      'a database of sagas that are kept in the log',
      'services: { sagas: { database.dbname: d } }',
      /'database\.dbname' belongs to store=postgres/,
    ],
    ['no partition', 'services: { event-store: { topic.partitions: 0 } }', /Invalid value 0 for configuration topic\.partitions/],
  ];
  for (const [what, text, message] of wrong)
    test(`are refused with ${what}`, async () => {
      assert.match(await faultsOf(text), message);
    });

  test('are refused with all faults at once', async () => {
    const faults = await faultsOf('services:\n  event-store:\n    store: lmdb\n    topc: x\n  saga: {}\n');
    for (const found of [/lmdb/, /topc/, /saga/]) assert.match(faults, found);
  });
});
