import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startWorker } from '../../src/cli/worker.ts';
import { parseConfigText } from '../../src/config/document.ts';
import { resolveWorker } from '../../src/config/worker-file.ts';
import { createLogging } from '../../src/observe/logging.ts';
import { neededRoles } from '../../src/rest/access/roles.ts';
import { freePort } from '../support/free-port.ts';
import { ScratchFolder } from '../support/scratch-folder.ts';
import { basic, passwordOf, writeUsers } from '../unit/rest/access/users.ts';

/** In every secret of this test, and nowhere else. */
const secret = 'geheim';

/** A path of a connector that there is. */
function pathOf(template: string): string {
  const parameters: Readonly<Record<string, string>> = {
    connector: 'orders',
    task: '0',
    plugin: 'PostgresConnector',
    logger: 'sluice.rest',
  };
  return template.replace(/\{(\w+)\}/g, (_, name: string) => parameters[name] ?? 'orders');
}

test('no secret is in any answer, any line of the log or the audit file, whatever is called', { timeout: 240_000 }, async () => {
  using folder = new ScratchFolder('secrets');
  await writeUsers(folder.file('users'), { ann: 'admin' });
  const worker = {
    listeners: 'http://127.0.0.1:0',
    'data.dir': folder.file('data'),
    'rest.basic.users.file': 'users',
    'rest.audit.file': 'audit.log',
  };
  const [document] = parseConfigText(folder.file('worker.yaml'), JSON.stringify(worker));
  const { config } = await resolveWorker(document!, { SECRET: `env-${secret}` }, async () => ({
    parse: () => ({ faults: [], warnings: [] }),
  }));
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const logging = createLogging({ level: 'trace', pretty: false, color: false, destination, nowMs: Date.now });
  const running = await startWorker(config, logging);
  const answers: string[] = [];
  const call = async (method: string, path: string, body?: unknown, headers: Record<string, string> = basic('ann')): Promise<number> => {
    const response = await fetch(running.url + path, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    answers.push(`${method} ${path.split('?')[0]}: ${response.status} ${JSON.stringify([...response.headers])} ${await response.text()}`);
    return response.status;
  };
  try {
    await running.ready;
    // Nobody listens there: the task is tried again and again, and says so.
    const orders = {
      'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
      'topic.prefix': 'shop',
      'database.hostname': '127.0.0.1',
      'database.port': String(await freePort()),
      'database.user': 'debezium',
      'database.password': `db-${secret}`,
      'database.dbname': 'shop',
      'plugin.name': 'pgoutput',
      'producer.override.sasl.jaas.config': `org.apache.kafka.Login required username="u" password="jaas-${secret}";`,
      'my.api.key': `key-${secret}`,
    };
    assert.equal(await call('POST', '/connectors', { name: 'orders', config: orders }), 201);
    const placeholders = { ...orders, 'database.password': `\${env:SECRET}`, 'topic.prefix': 'other' };
    assert.equal(await call('PUT', '/connectors/second/config', placeholders), 201);
    const bodies = [
      orders,
      { name: 'orders', config: orders },
      { config: orders },
      { 'database.password': `new-${secret}` },
      { 'database.port': 'x', 'database.password': `faulty-${secret}` },
      { level: 'DEBUG' },
      `{"database.password":"broken-${secret}`,
    ];
    const last = ([called]: readonly [string, unknown]) => (called.startsWith('DELETE') ? 1 : 0);
    for (const [called] of Object.entries(neededRoles).toSorted((a, b) => last(a) - last(b))) {
      const [method = '', template = ''] = called.split(' ');
      for (const body of method === 'GET' || method === 'DELETE' ? [undefined] : bodies) {
        const path = `${pathOf(template)}${template.endsWith('/wait') ? '?timeout=1' : ''}`;
        const status = await call(method, path, body);
        assert.notEqual(status, 401);
        assert.notEqual(status, 403, `${called} by an admin`);
      }
    }
    await call('GET', `/connectors?token=query-${secret}`);
    await call('GET', '/connectors', undefined, basic('ann', `wrong-${secret}`));
    await call('GET', '/connectors', undefined, { authorization: `Bearer token-${secret}` });
    assert.equal(await call('PUT', '/connectors/second/config', { ...orders, 'topic.prefix': 'other' }), 200);
  } finally {
    await running.stop();
  }
  const audit = readFileSync(join(folder.path, 'audit.log'), 'utf8').split('\n');
  assert.ok(answers.length > 60 && lines.length > 60 && audit.length > 20, `${answers.length} ${lines.length} ${audit.length}`);
  assert.ok(passwordOf('ann').includes(secret));
  for (const [where, texts] of Object.entries({ answers, lines, audit })) {
    const shown = texts.filter(text => text.includes(secret) || text.includes(Buffer.from(`ann:${passwordOf('ann')}`).toString('base64')));
    assert.deepEqual(shown, [], `secrets in the ${where}`);
  }
});
