import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startDaemon } from '../../support/daemon.ts';
import { randomOf } from '../../support/random-changes.ts';
import { embeddedLog } from '../logs.ts';
import { faultSeed } from '../rounds.ts';
import { MysqlCapture, starts } from './capture.ts';
import { CapturedMysqlTable } from './captured-mysql-table.ts';
import { Replica } from './replica.ts';

for (const flavor of ['mysql', 'mariadb'] as const) {
  for (const stage of ['snapshot', 'streaming'] as const) {
    test(`${flavor} fails under load, and the connector goes on at its replica by GTIDs: in the stage ${stage}`, {
      timeout: 240_000,
    }, async t => {
      await using primary = await starts[flavor]();
      await using replica = await Replica.start(primary);
      const random = randomOf(faultSeed * 7919);
      await using capture = await MysqlCapture.start(primary, embeddedLog, faultSeed);
      if (stage === 'streaming') await capture.streaming();
      await capture.advanced(1 + random(stage === 'streaming' ? 300 : 4_000));
      const { phase, records } = (await capture.progress())!;
      await capture.changing.moveTo(replica.server, async () => {
        await replica.caughtUp();
        await primary.stopImmediately();
        await replica.promote();
      });
      await capture.retrying(/ECONN|EPIPE|lost|closed|ETIMEDOUT|killed|ended|handshake|disconnected|shut/i);
      await capture.configure(faultSeed, { 'database.port': String(replica.server.port) });
      await capture.recovered();
      await capture.streaming();
      await capture.advanced(100);
      t.diagnostic(`failed in the ${phase} after ${records} records; followed: ${await capture.assertExactlyOnce(replica.server)}`);
      await primary.start();
    });
  }

  test(`a replica of ${flavor} that lacks what was read already is refused, until it has it`, { timeout: 240_000 }, async () => {
    await using primary = await starts[flavor]();
    await using replica = await Replica.start(primary);
    await using daemon = await startDaemon({});
    await using captured = await CapturedMysqlTable.start(primary, daemon);
    await replica.caughtUp();
    await replica.pause();
    await captured.run('insert into orders (id) values (4)');
    await captured.holds('r1', 'r2', 'c3', 'c4');
    await captured.configure({ 'database.port': String(replica.server.port) });
    const trace = await captured.failed('POSITION_LOST');
    assert.match(trace, flavor === 'mysql' ? /which this server does not have: it is behind/ : /not in the master's binlog|GTID/);
    await replica.resume();
    await replica.caughtUp();
    await captured.restart();
    await captured.run('insert into orders (id) values (5)');
    await captured.holds('r1', 'r2', 'c3', 'c4', 'c5');
  });
}
