import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startDaemon } from '../support/daemon.ts';
import { sharedMongodb } from '../support/servers.ts';
import { caseNames, readCase } from './case.ts';
import { compare } from './compare.ts';
import { daemonPublisher } from './daemon-publisher.ts';
import { embeddedReader } from './embedded-reader.ts';
import { mongodbEngine } from './mongodb-engine.ts';
import { record } from './recorder.ts';
test('mongo', async t => {
  await using daemon = await startDaemon({});
  const publisher = daemonPublisher(daemon.url, embeddedReader(daemon.dataFolder));
  const engine = mongodbEngine(await sharedMongodb());
  for (const name of caseNames().filter(n => n.startsWith(process.env['CASE'] ?? 'mongo-')))
    for (const timing of ['streaming', 'stopped'] as const)
      await t.test(`${name} ${timing}`, async () => {
        const theCase = readCase(name);
        const lines = await record(theCase, engine, publisher, timing).catch(error => { throw new Error(`${(error as Error).message}\n${daemon.log()}`); });
        const { matched, total, differences } = compare(theCase.golden, lines, theCase);
        console.log(name, timing, matched, total);
        assert.equal(differences.length, 0, differences.slice(0, 12).join('\n'));
      });
});
