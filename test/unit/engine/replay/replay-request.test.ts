import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SluiceError } from '../../../../src/contract/index.ts';
import { readPlace } from '../../../../src/engine/replay/replay-place.ts';
import { readReplayRequest } from '../../../../src/engine/replay/replay-request.ts';

test('places: each form is known by how it is written', () => {
  const noon = Date.parse('2026-08-01T12:00:00Z');
  const forms: readonly (readonly [given: unknown, kind: string, rest?: object])[] = [
    ['start', 'start'],
    ['end', 'end'],
    ['2026-08-01T12:00:00Z', 'time', { timestampMs: noon }],
    ['2026-08-01', 'time', { timestampMs: Date.parse('2026-08-01') }],
    [noon, 'time', { timestampMs: noon }],
    [String(noon), 'time', { timestampMs: noon }],
    ['0/16B3748', 'position', { position: '0/16B3748' }],
    ['mysql-bin.000003:1234', 'position', { position: 'mysql-bin.000003:1234' }],
    ['3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5', 'position', { position: '3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5' }],
    // The last part of its UUID has digits alone, as a partition has.
    ['3e11fa47-71ca-11e1-9e33-180119429562:7', 'position', { position: '3e11fa47-71ca-11e1-9e33-180119429562:7' }],
    ['0-1-270', 'position', { position: '0-1-270' }],
    ['1700000000:3', 'position', { position: '1700000000:3' }],
    ['shop.public.orders-0:4711', 'offsets', { offsets: [{ topic: 'shop.public.orders', partition: 0, offset: 4711n }] }],
    [
      'a-b-1:2, c-0:0',
      'offsets',
      {
        offsets: [
          { topic: 'a-b', partition: 1, offset: 2n },
          { topic: 'c', partition: 0, offset: 0n },
        ],
      },
    ],
    [[{ topic: 't', partition: 3, offset: 9 }], 'offsets', { offsets: [{ topic: 't', partition: 3, offset: 9n }] }],
  ];
  for (const [given, kind, rest = {}] of forms) assert.deepEqual(readPlace(given, 'from'), { kind, ...rest }, JSON.stringify(given));
});

test('places: what is none says what one is', () => {
  const refused: readonly (readonly [given: unknown, message: RegExp])[] = [
    ['yesterday', /'from' is start, end, a time such as/],
    [1_700_000_000, /looks like seconds: give milliseconds since 1970 \(1700000000000\)/],
    [-1, /no number of milliseconds/],
    [Number.NaN, /no number of milliseconds/],
    ['2026-13-01', /no time that there is/],
    [{ topic: 't' }, /must be a text, a number or a list/],
    [[{ topic: 't', partition: 0 }], /has entries such as/],
    [[{ topic: 't', partition: 0, offset: -3 }], /has entries such as/],
    ['t-0', /'from' is start, end/],
  ];
  for (const [given, message] of refused)
    assert.throws(
      () => readPlace(given, 'from'),
      (error: unknown) => error instanceof SluiceError && error.code === 'BAD_REQUEST' && message.test(error.message),
      JSON.stringify(given),
    );
});

test('a request: what is left out, and keys in all their forms', () => {
  assert.deepEqual(readReplayRequest({ from: 'start' }), {
    request: { from: 'start', to: 'end', tables: null, keys: null, rate: null },
    dryRun: false,
  });
  const { request } = readReplayRequest({ from: 'start', keys: [1, 'a', { id: 9_007_199_254_740_993n, b: 'x', c: null }, true], rate: 5 });
  assert.deepEqual(request.keys, ['1', 'a', '{"id":9007199254740993,"b":"x","c":null}', 'true']);
  assert.equal(request.rate, 5);
});

test('a request: faults name the field, and show no value', () => {
  const refused: readonly (readonly [body: unknown, message: RegExp])[] = [
    [[], /JSON object/],
    [{}, /'from' is missing/],
    [{ from: 'start', dryrun: true }, /no 'dryrun'; did you mean 'dryRun'/],
    [{ from: 'start', dryRun: 'yes' }, /'dryRun' is true or false/],
    [{ from: 'start', tables: 'orders' }, /'tables' is a list/],
    [{ from: 'start', tables: [''] }, /'tables' is a list/],
    [{ from: 'start', keys: [] }, /'keys' is a list/],
    [{ from: 'start', keys: [['secret']] }, /^(?!.*secret).*no key/],
    [{ from: 'start', keys: [{ id: { nested: 'secret' } }] }, /^(?!.*secret).*no key/],
    [{ from: 'start', keys: Array.from({ length: 1001 }, (_, id) => id) }, /1001 entries; 1000 are the most/],
    [{ from: 'start', rate: 0.5 }, /'rate'/],
    [{ from: 'end' }, /lies behind/],
    [{ from: 'start', to: 'start' }, /lies behind/],
    [{ from: '2026-08-02', to: '2026-08-01' }, /lies behind/],
  ];
  for (const [body, message] of refused) assert.throws(() => readReplayRequest(body), { message });
});
