import { openSqliteEventStore } from '../../../../src/services/event-store/sqlite/sqlite-event-store.ts';

/**
 * A process that appends for ever with several writers and tells each append that was acknowledged as `writer number`: for tests that kill it.
 * A writer's first append repeats the last that is stored. Arguments: the folder, and how many writers there are.
 */
const [folder, writers] = [process.argv[2]!, Number(process.argv[3])];
const store = await openSqliteEventStore({ folder });

async function write(writer: number): Promise<void> {
  const own = { type: 'writer', id: String(writer) };
  const { version } = await store.read(own, { direction: 'backwards', limit: 1 });
  for (let number = Math.max(1, Number(version)); ; number++) {
    const data = { writer, number };
    const shared = { type: 'shared', id: String((writer + number) % 3) };
    const results = await store.appendAll([
      { stream: own, events: [{ id: `own-${writer}-${number}`, type: 'Written', data }], expectedVersion: BigInt(number - 1) },
      { stream: shared, events: [{ id: `shared-${writer}-${number}`, type: 'Written', data }] },
    ]);
    const repeated = BigInt(number) === version;
    if (results.some(result => result.repeated !== repeated))
      throw new Error(`${writer} ${number}: not ${repeated ? '' : 'un'}known by its ids`);
    process.stdout.write(`${writer} ${number}\n`);
  }
}

await Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)));
