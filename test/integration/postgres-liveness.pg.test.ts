import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type pg from 'pg';
import { processIdOf, watchProcess } from '../../connectors/postgres/liveness.ts';
import { connectTo } from '../support/fresh-database.ts';
import { sharedPostgres } from '../support/servers.ts';
import { until } from '../support/until.ts';

/** Short ones, but for the answer: what counts is the order of things, not how long they take. */
const timings = { everyMs: 10, checks: 2, answerMsMax: 60_000 };
/** Of a server that never answers. */
const impatient = { ...timings, answerMsMax: 100 };

describe('a connection from which nothing comes', { timeout: 180_000 }, () => {
  let url: string;
  let admin: pg.Client & AsyncDisposable;

  before(async () => {
    ({ url } = await sharedPostgres(18));
    admin = await connectTo(url);
  });
  after(() => admin?.[Symbol.asyncDispose]());

  /** Watches a client whose statement takes for ever; what the statement is refused with. */
  async function refusal(control: pg.Client, processId: (client: pg.Client) => Promise<number>, waits = timings): Promise<string> {
    await using client = await connectTo(url);
    const listener = { waiting: true, heard: 1 };
    using _ = watchProcess({ client, processId: await processId(client), listener: () => listener }, control, waits);
    return await client.query('select pg_sleep(60)').then(
      () => assert.fail('it was not refused'),
      (error: Error) => error.message,
    );
  }

  test('is broken off where the server knows nothing of it any more', async () => {
    await using control = await connectTo(url);
    assert.match(
      await refusal(control, async () => 0),
      /nothing has come from the server for \d+ s, and it knows nothing of this connection any more/,
    );
  });

  test('is broken off where nobody answers', async () => {
    await using control = await connectTo(url);
    const controlId = await processIdOf(control);
    const busy = control.query('select pg_sleep(60)').catch(() => {});
    assert.match(await refusal(control, processIdOf, impatient), /nothing has come from the server for \d+ s, and it does not answer/);
    await admin.query('select pg_terminate_backend($1)', [controlId]);
    await busy;
    assert.match(await refusal(control, processIdOf), /and it cannot be asked/);
  });

  test('is left alone where the server is still at it, and not asked of where it is we who do not read', async () => {
    await using control = await connectTo(url);
    await using client = await connectTo(url);
    const [controlId, clientId] = [await processIdOf(control), await processIdOf(client)];
    const listener = { waiting: false, heard: 1 };
    let looks = 0;
    const watched = () => {
      looks++;
      return listener;
    };
    using _ = watchProcess({ client, processId: clientId, listener: watched }, control, timings);
    const asked = async () => {
      const { rows } = await admin.query<{ query: string }>('select query from pg_stat_activity where pid = $1', [controlId]);
      return /pg_stat_activity/.test(rows[0]?.query ?? '');
    };
    await until(() => looks > 3 * timings.checks, { what: 'several checks' });
    assert.equal(await asked(), false);
    listener.waiting = true;
    await until(asked, { what: 'the server to be asked' });
    assert.deepEqual((await client.query('select 7 as n')).rows, [{ n: 7 }]);
  });
});
