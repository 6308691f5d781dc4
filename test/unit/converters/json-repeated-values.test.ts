import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SlabWriter, Struct, schemas, structSchema, type Value } from '../../../src/contract/index.ts';
import { json } from './connect-samples.ts';

const rowSchema = structSchema(
  [
    ['id', schemas.int64],
    ['name', schemas.optionalString],
    ['note', schemas.optionalString],
    ['price', schemas.optionalBytes],
    ['share', schemas.float64],
  ],
  { name: 'Row' },
);
const envelopeSchema = structSchema(
  [
    ['before', rowSchema],
    ['after', rowSchema],
    ['op', schemas.string],
  ],
  { name: 'Envelope' },
);

const texts = [
  null,
  '',
  'a',
  'näme "quoted"',
  'x'.repeat(64),
  'x'.repeat(65),
  'long '.repeat(60),
  '{"a":"b"}'.repeat(20),
  '\u{1f600}'.repeat(30),
];
const binaries = [null, Buffer.from('01', 'hex'), Buffer.from('01', 'hex'), Buffer.alloc(70, 7)];

const row = fc
  .tuple(
    fc.bigInt({ min: 0n, max: 1n }),
    fc.constantFrom(...texts),
    fc.constantFrom(...texts),
    fc.constantFrom(...binaries),
    fc.constantFrom(0, -0, 1.5),
  )
  .map((values: Value[]) => new Struct(rowSchema, values));
const record = fc.tuple(row, row, fc.constantFrom('c', 'u')).map((values: Value[]) => new Struct(envelopeSchema, values));
/** A value that cannot be written after some that can. */
const unfit = row.map(before => new Struct(envelopeSchema, [before, new Struct(rowSchema, [1n, 'a', 7, null, 0]), 'u']));

type Step =
  | { readonly kind: 'write' | 'fail'; readonly record: Struct; readonly slab: 0 | 1; readonly twice: boolean }
  | { readonly kind: 'take'; readonly slab: 0 | 1 };
const slabs = fc.constantFrom<0 | 1>(0, 0, 0, 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('write' as const), record, slab: slabs, twice: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('fail' as const), record: unfit, slab: slabs, twice: fc.constant(false) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('take' as const), slab: slabs }) },
);

test('what a field had before is written as if it came for the first time: in whatever slab, behind hand-overs and failed records', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), steps => {
      const converter = json({ schemasEnable: false });
      const written = [new SlabWriter(16), new SlabWriter(16)];
      const expected: string[][] = [[], []];
      const compare = (slab: 0 | 1) => {
        assert.equal(Buffer.from(written[slab]!.view()).toString(), expected[slab]!.join(''));
      };
      for (const { kind, slab, ...rest } of steps) {
        const into = written[slab]!;
        if (kind === 'take') {
          compare(slab);
          into.take();
          expected[slab] = [];
          continue;
        }
        const { record: value, twice } = rest as { record: Struct; twice: boolean };
        const start = into.length;
        if (kind === 'fail') {
          assert.throws(() => converter.serializeInto('t', envelopeSchema, value, into), { code: 'CONVERSION_FAILED' });
          into.truncate(start);
          continue;
        }
        const alone = Buffer.from(json({ schemasEnable: false }).serialize('t', envelopeSchema, value)!).toString();
        for (let times = twice ? 2 : 1; times > 0; times--) {
          converter.serializeInto('t', envelopeSchema, value, into);
          expected[slab]!.push(alone);
        }
      }
      compare(0);
      compare(1);
    }),
    { numRuns: 300 },
  );
});
