import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { type AddressInfo, connect, createServer } from 'node:net';
import { describe, test } from 'node:test';
import { SluiceError } from '../../../src/contract/index.ts';
import { freePort } from '../../support/free-port.ts';
import { silentLogger } from '../../support/silent-logger.ts';
import { until } from '../../support/until.ts';
import { scriptedClass } from '../engine/scripted-source.ts';
import { config } from '../engine/supervised.ts';
import { RestWorker } from './rest-worker.ts';

type ErrorBody = { readonly error_code: number; readonly message: string };

async function refused(worker: RestWorker, status: number, message: RegExp, ...call: Parameters<RestWorker['call']>): Promise<void> {
  const answer = await worker.call(...call);
  const body = answer.body as ErrorBody;
  assert.equal(answer.status, status, JSON.stringify(body));
  assert.equal(body.error_code, status);
  assert.match(body.message, message);
}

describe('bad requests', () => {
  test('are each told what is wrong with them', async () => {
    await using worker = await new RestWorker().start();
    await refused(worker, 400, /not valid JSON/, 'POST', '/connectors', '{"name": "geheim');
    await refused(worker, 400, /has no body/, 'POST', '/connectors', '');
    await refused(worker, 400, /must be a JSON object/, 'POST', '/connectors', []);
    await refused(worker, 400, /has no "config"/, 'POST', '/connectors', { name: 'a' });
    await refused(worker, 400, /'x' must be a text/, 'POST', '/connectors', { name: 'a', config: { x: { y: 1 } } });
    await refused(worker, 400, /Unrecognized field "foo"/, 'POST', '/connectors', { name: 'a', foo: 1, config: {} });
    await refused(worker, 400, /"initial_state" must be one of/, 'POST', '/connectors', {
      name: 'a',
      initial_state: 'off',
      config: config(),
    });
    await refused(worker, 400, /which name matches Nope/, 'PUT', '/connectors/a/config', { 'connector.class': 'Nope' });
    await refused(worker, 413, /larger than 1048576 bytes/, 'PUT', '/connectors/a/config', `{"a":"${'x'.repeat(1 << 20)}"}`);
    await refused(worker, 415, /Unsupported Media Type/, 'PUT', '/connectors/a/config', '{}', { 'content-type': 'text/plain' });
    await refused(worker, 400, /Bad Request/, 'GET', '/connectors/%zz');
    await refused(worker, 400, /needs a "partition" object/, 'PATCH', '/connectors/a/offsets', { offsets: [{ offset: {} }] });
    await refused(worker, 404, /Unknown plugin/, 'GET', '/connector-plugins/Nope/config');
  });

  test('of a body without end are cut off at the bound', async () => {
    await using worker = await new RestWorker().start();
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const call = request(
        `${worker.url}/connectors`,
        { method: 'POST', headers: { 'content-type': 'application/json', 'transfer-encoding': 'chunked' } },
        response => {
          response.resume();
          resolve(response.statusCode);
        },
      );
      // The server may close while the client still writes.
      call.on('error', error =>
        (error as NodeJS.ErrnoException).code === 'EPIPE' || (error as NodeJS.ErrnoException).code === 'ECONNRESET'
          ? undefined
          : reject(error),
      );
      for (let part = 0; part < 40; part++) call.write('x'.repeat(64 * 1024));
      call.end();
    });
    assert.equal(status, 413);
  });
});

describe('a connector by REST', () => {
  test('may hold numbers and booleans, which keep their text', async () => {
    await using worker = await new RestWorker().start();
    const { status, body } = await worker.call(
      'PUT',
      '/connectors/c/config',
      `{"connector.class":"${scriptedClass}","hostname":"h","port":5433,"x.y":1.10,"tasks.max.enforce":true}`,
    );
    assert.equal(status, 201);
    assert.deepEqual((body as { config: unknown }).config, {
      'connector.class': scriptedClass,
      hostname: 'h',
      port: '5433',
      'x.y': '1.10',
      'tasks.max.enforce': 'true',
      name: 'c',
    });
  });

  test('is warned of unknown options in a header, and on the endpoint of ours', async () => {
    await using worker = await new RestWorker().start();
    const { headers } = await worker.call('PUT', '/connectors/c/config', config({ hostnam: 'x' }));
    assert.match(headers.get('warning')!, /299 sluice "Unknown option 'hostnam' has no effect; did you mean 'hostname'\?"/);
    const { body } = await worker.call('GET', '/sluice/connectors/c');
    assert.match((body as { warnings: string[] }).warnings[0]!, /hostnam/);
  });

  test('never shows a secret, and keeps it when its mask comes back', async () => {
    await using worker = await new RestWorker().start();
    await worker.call('PUT', '/connectors/c/config', config({ pass: 'geheim', 'my.api.key': 'geheim' }));
    await until(() => worker.supervised.script.reads === 1, { what: 'the task' });
    for (const path of ['/connectors/c', '/connectors/c/config', '/connectors/c/tasks', '/connectors?expand=info', '/sluice/connectors'])
      assert.doesNotMatch(JSON.stringify((await worker.call('GET', path)).body), /geheim/, path);
    const { body } = await worker.call('GET', '/connectors/c/config');
    assert.equal((await worker.call('PUT', '/connectors/c/config', body)).status, 200);
    assert.equal((await worker.supervised.log.connectors.list())[0]!.config['pass'], 'geheim');
    await refused(worker, 400, /is the mask that stands for a secret/, 'POST', '/connectors', {
      name: 'd',
      config: config({ pass: '********' }),
    });
  });

  test('that retries is RUNNING for Connect, and RETRYING with its reason for us', async () => {
    await using worker = await new RestWorker().start();
    worker.supervised.script.failures.push(new SluiceError('DATABASE_UNAVAILABLE', 'no database at h'));
    await worker.call('PUT', '/connectors/c/config', config());
    await until(() => worker.supervised.pauses.length === 1, { what: 'the pause' });
    const { body: status } = await worker.call('GET', '/connectors/c/tasks/0/status');
    assert.equal((status as { state: string }).state, 'RUNNING');
    const { body } = await worker.call('GET', '/sluice/connectors/c');
    const [task] = (body as { tasks: { state: string; retrying: { reason: string; next_attempt: string } }[] }).tasks;
    assert.deepEqual([task!.state, task!.retrying.reason], ['RETRYING', 'no database at h']);
    assert.ok(Date.parse(task!.retrying.next_attempt) > 0);
  });
});

describe('plugins by REST', () => {
  type Info = { readonly definition: Record<string, unknown>; readonly value: Record<string, unknown> };

  test('are validated as Connect does, with all fields', async () => {
    await using worker = await new RestWorker().start();
    const { body } = await worker.call('PUT', '/connector-plugins/ScriptedConnector/config/validate', {
      'connector.class': scriptedClass,
      name: 'c',
      port: 'x',
      pass: 'geheim',
      transforms: 'a',
      'transforms.a.type': 'org.apache.kafka.connect.transforms.RegexRouter',
    });
    const answer = body as { name: string; error_count: number; groups: string[]; configs: Info[] };
    assert.equal(answer.name, scriptedClass);
    assert.deepEqual(answer.groups.slice(0, 7), [
      'Common',
      'Transforms',
      'Predicates',
      'Error Handling',
      'Topic Creation',
      'Exactly Once Support',
      'offsets.topic',
    ]);
    assert.ok(answer.groups.includes('Transforms: a') && answer.groups.includes('Scripted'));
    const of = (name: string) => answer.configs.find(({ value }) => value['name'] === name)!;
    assert.deepEqual(of('port'), {
      definition: {
        name: 'port',
        type: 'INT',
        required: false,
        default_value: '5432',
        importance: 'MEDIUM',
        documentation: 'Which port.',
        group: 'Scripted',
        width: 'SHORT',
        display_name: 'port',
        dependents: [],
        order: 2,
      },
      value: {
        name: 'port',
        value: 'x',
        recommended_values: [],
        errors: ['Invalid value x for configuration port: Not a number of type INT'],
        visible: true,
      },
    });
    assert.deepEqual(of('hostname').value['errors'], ['Missing required configuration "hostname" which has no default value.']);
    assert.deepEqual(of('mode').value['recommended_values'], ['initial', 'never']);
    assert.equal(of('pass').value['value'], '[hidden]');
    assert.equal(
      answer.error_count,
      answer.configs.reduce((sum, { value }) => sum + (value['errors'] as unknown[]).length, 0),
    );
    assert.ok(answer.error_count >= 4);
  });

  test('list their options, the common ones in Connect’s order', async () => {
    await using worker = await new RestWorker().start();
    const { body } = await worker.call('GET', '/connector-plugins/Scripted/config');
    const names = (body as { name: string; group: string; order: number }[]).map(({ name, group, order }) => `${name} ${group} ${order}`);
    assert.deepEqual(names.slice(0, 2), ['hostname Scripted 1', 'port Scripted 2']);
    const common = names.slice(names.indexOf('name Common 1'));
    assert.deepEqual(common.slice(0, 6), [
      'name Common 1',
      'connector.class Common 2',
      'connector.plugin.version Common 3',
      'tasks.max Common 4',
      'tasks.max.enforce Common 5',
      'key.converter Common 6',
    ]);
    assert.equal(common.at(-5), 'offsets.storage.topic offsets.topic 1');
    assert.equal(common.at(-1), 'verify.repair Verification 4');
    const transform = await worker.call('GET', '/connector-plugins/org.apache.kafka.connect.transforms.RegexRouter/config');
    assert.deepEqual(
      (transform.body as { name: string }[]).map(({ name }) => name),
      ['regex', 'replacement'],
    );
  });

  test('are listed by type', async () => {
    await using worker = await new RestWorker().start();
    const all = (await worker.call('GET', '/connector-plugins?connectorsOnly=false')).body as { class: string; type: string }[];
    const connectors = (await worker.call('GET', '/connector-plugins')).body as { class: string; type: string }[];
    assert.ok(all.some(({ type }) => type === 'converter') && connectors.every(({ type }) => type === 'source' || type === 'sink'));
    assert.ok(connectors.some(({ type }) => type === 'sink'));
    assert.ok(connectors.some(({ class: name }) => name === scriptedClass));
  });
});

describe('the server', () => {
  test('answers while the worker starts, and 503 where it takes too long', async () => {
    await using worker = await new RestWorker().start({
      startup: () => 'The log cannot be opened yet: nobody there',
      whenReady: async () => {
        throw new SluiceError('UNAVAILABLE', 'Worker is still starting up.');
      },
      started: false,
    });
    assert.deepEqual((await worker.call('GET', '/')).body, { version: '4.1.1-sluice-0.1.0', commit: 'unknown', kafka_cluster_id: null });
    const health = await worker.call('GET', '/health');
    assert.deepEqual(
      [health.status, health.body],
      [503, { status: 'starting', message: 'Worker is still starting up. The log cannot be opened yet: nobody there' }],
    );
    await refused(worker, 503, /still starting up/, 'GET', '/connectors');
  });

  test('says that it stops', async () => {
    await using worker = await new RestWorker().start();
    await worker.supervised.supervisor.stop();
    const health = await worker.call('GET', '/health');
    assert.deepEqual([health.status, health.body], [503, { status: 'unhealthy', message: 'Worker is shutting down.' }]);
    await refused(worker, 503, /Worker is shutting down/, 'PUT', '/connectors/c/config', config());
  });

  test('has all of its listeners or none', async () => {
    const taken = createServer();
    taken.listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const free = await freePort();
    const starting = new RestWorker();
    try {
      const listeners = [free, port].map(each => ({ host: '127.0.0.1', port: each }));
      await assert.rejects(starting.start({ listeners }), {
        code: 'LISTEN_FAILED',
        message: `Cannot listen on 127.0.0.1:${port}: another process has the address.`,
      });
      await assert.rejects(once(connect(free, '127.0.0.1'), 'connect'), { code: 'ECONNREFUSED' });
    } finally {
      await starting[Symbol.asyncDispose]();
      taken.close();
    }
  });

  test('takes a request line that names the server, as proxies send it', async () => {
    await using worker = await new RestWorker().start();
    const { port } = new URL(worker.url);
    const call = request({ host: '127.0.0.1', port, path: 'http://sluice:8083/connectors?expand=info' }).end();
    const [response] = (await once(call, 'response')) as [IncomingMessage];
    assert.equal(response.statusCode, 200);
    response.resume();
  });

  test('answers OPTIONS of a path that there is not as it answers others', async () => {
    await using worker = await new RestWorker().start();
    await refused(worker, 404, /^HTTP 404 Not Found$/, 'OPTIONS', '/nowhere');
  });

  test('holds a client that leaves in the middle of its body for no fault of its own', async () => {
    const errors: string[] = [];
    const answered = Promise.withResolvers<void>();
    const logger = {
      ...silentLogger,
      error: (_: object, message: string) => errors.push(message),
      debug: (fields: { readonly method?: string }) => fields.method === 'PUT' && answered.resolve(),
    };
    await using worker = await new RestWorker().start({ logger });
    const socket = connect(Number(new URL(worker.url).port), '127.0.0.1');
    socket.write('PUT /connectors/c/config HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{');
    await until(async () => (await worker.call('GET', '/health')).status === 200, { what: 'the server to have read it' });
    socket.destroy();
    await answered.promise;
    assert.deepEqual(errors, []);
  });

  test('takes names with slashes, spaces and any letters, encoded in the path', async () => {
    await using worker = await new RestWorker().start();
    for (const name of ['a/b', 'żółć 猫', '100%', '__proto__']) {
      const path = `/connectors/${encodeURIComponent(name)}`;
      assert.equal((await worker.call('PUT', `${path}/config`, config())).status, 201, name);
      assert.equal(((await worker.call('GET', path)).body as { name: string }).name, name);
      assert.equal((await worker.call('DELETE', path)).status, 204, name);
    }
    await refused(worker, 404, /^Connector x+ not found$/, 'GET', `/connectors/${'x'.repeat(8000)}`);
  });

  test('is healthy when connectors are loaded', async () => {
    await using worker = await new RestWorker().start();
    assert.deepEqual((await worker.call('GET', '/health')).body, {
      status: 'healthy',
      message: 'Worker has completed startup and is ready to handle requests.',
    });
    assert.match(((await worker.call('GET', '/')).body as { kafka_cluster_id: string }).kafka_cluster_id, /^[\w-]{22}$/);
  });

  test('answers HEAD and OPTIONS, and adds the headers it was told to', async () => {
    await using worker = await new RestWorker().start({ responseHeaders: [{ mode: 'set', name: 'X-Frame-Options', value: 'DENY' }] });
    const head = await worker.call('HEAD', '/connectors');
    assert.deepEqual([head.status, head.body, head.headers.get('content-length')], [200, undefined, '2']);
    assert.equal(head.headers.get('x-frame-options'), 'DENY');
    const options = await worker.call('OPTIONS', '/connectors/c/config');
    assert.equal(options.headers.get('allow'), 'HEAD,GET,PUT,PATCH,OPTIONS');
  });

  test('lets pages of other origins in only where it was told to', async () => {
    await using closed = await new RestWorker().start();
    assert.equal((await closed.call('GET', '/', undefined, { origin: 'http://a' })).headers.get('access-control-allow-origin'), null);
    await using open = await new RestWorker().start({ cors: { origins: 'http://a', methods: '' } });
    assert.equal((await open.call('GET', '/', undefined, { origin: 'http://a' })).headers.get('access-control-allow-origin'), 'http://a');
    assert.equal((await open.call('GET', '/', undefined, { origin: 'http://b' })).headers.get('access-control-allow-origin'), null);
  });

  test('does not answer for topics where they are not tracked', async () => {
    await using worker = await new RestWorker().start({ topicTracking: false });
    await refused(worker, 403, /Topic tracking is disabled/, 'GET', '/connectors/c/topics');
  });
});
