import { test } from 'node:test';
import { startMongodb } from '../../services/mongodb.ts';
import { randomOf } from '../../support/random-changes.ts';
import { logsUnderFault } from '../logs.ts';
import { faultRounds, faultSeed } from '../rounds.ts';
import { MongoCapture } from './capture.ts';

/** Documents of the snapshot, of which the first strike cuts off some. */
const snapshotDocuments = 9_000;

// On SecantusDB, in MongoDB's place: the server is one of the test's own. It is told to stop: killed, it has been seen to lose changes that its change
// stream had given out already, which MongoDB does not (a change is given out once most members have it).
for (const { name, open } of logsUnderFault) {
  test(`MongoDB is stopped and started again under load, ${faultRounds} times: ${name} log`, {
    timeout: 240_000 + faultRounds * 30_000,
  }, async t => {
    await using server = await startMongodb();
    const random = randomOf(faultSeed * 7919);
    await using capture = await MongoCapture.start(server, await open(), faultSeed);
    for (let strike = 0; strike < faultRounds; strike++) {
      if (strike > 0) await capture.streaming();
      await capture.advanced(1 + random(strike === 0 ? snapshotDocuments : 300));
      const { phase, records } = (await capture.progress())!;
      await server.stop();
      await capture.retrying(/ECONN|EPIPE|closed|server selection|interrupted|reset|ended|timed out/i);
      await server.start();
      await capture.recovered();
      t.diagnostic(`stopped in the ${phase} after ${records} records`);
    }
    t.diagnostic(`seed ${faultSeed}: ${await capture.assertExactlyOnce()}`);
  });
}
