import { describe, test } from 'node:test';
import fc from 'fast-check';
import { SluiceError } from '../../../../../src/contract/index.ts';
import { decodeAll, recordedEvents, teller } from './recorded-events.ts';

/** What bad bytes may lead to: nothing else may come out of the decoder. */
const allowed = new Set(['MALFORMED_MESSAGE', 'CONVERSION_FAILED', 'SCHEMA_UNKNOWN']);

async function decode(events: readonly Buffer[]): Promise<void> {
  try {
    await decodeAll(events, teller([]));
  } catch (error) {
    if (!(error instanceof SluiceError) || !allowed.has(error.code)) throw error;
  }
}

/** An event, with the table maps of its server in front of it, so that rows find theirs. */
const samples = recordedEvents.map(({ flavor, bytes }) => ({
  bytes,
  tables: recordedEvents.filter(event => event.flavor === flavor && event.type === 19).map(event => event.bytes),
}));

const sample = fc.constantFrom(...samples);
const edits = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 6 });

function edited(bytes: Buffer, changes: readonly (readonly [place: number, value: number])[]): Buffer {
  const copy = Buffer.from(bytes);
  // Behind the header: the stream checks the header itself.
  for (const [place, value] of changes) if (copy.length > 19) copy[19 + (place % (copy.length - 19))] = value;
  return copy;
}

const settings = { numRuns: 3_000, interruptAfterTimeLimit: 60_000, markInterruptAsFailure: true };

describe('any bytes give values or MALFORMED_MESSAGE', () => {
  test('events with changed bytes', () =>
    fc.assert(
      fc.asyncProperty(sample, edits, ({ tables, bytes }, changes) => decode([...tables, edited(bytes, changes)])),
      settings,
    ));

  test('table maps with changed bytes, and rows behind them', () =>
    fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...recordedEvents.flatMap((event, index) => (event.type === 19 ? [index] : []))),
        edits,
        (index, changes) => decode([edited(recordedEvents[index]!.bytes, changes), recordedEvents[index + 1]!.bytes]),
      ),
      settings,
    ));

  test('events cut short', () =>
    fc.assert(
      fc.asyncProperty(sample, fc.nat(), ({ tables, bytes }, size) =>
        decode([...tables, bytes.subarray(0, 19 + (size % Math.max(1, bytes.length - 19)))]),
      ),
      settings,
    ));

  test('bytes at random behind a header', () =>
    fc.assert(
      fc.asyncProperty(sample, fc.uint8Array({ maxLength: 200 }), ({ tables, bytes }, random) =>
        decode([...tables, Buffer.concat([bytes.subarray(0, 19), random])]),
      ),
      settings,
    ));
});
