import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parsePlacedDocument } from '../../../../src/config/placed-document.ts';
import { SluiceError } from '../../../../src/contract/index.ts';
import { defineSaga } from '../../../../src/services/sagas/api.ts';
import { parseSaga, pinDefinition } from '../../../../src/services/sagas/definition.ts';
import { orderProcessing } from './order-processing.ts';

const example = join(import.meta.dirname, '../../../../config/examples/order-saga/sagas/order-processing.yaml');
const exampleText = readFileSync(example, 'utf8');
const parse = (text: string) => parseSaga(parsePlacedDocument('s.yaml', text), 's.yaml');

/** The lines of what is wrong with a definition. */
function faultsOf(text: string): readonly string[] {
  try {
    parse(text);
  } catch (error) {
    assert.ok(error instanceof SluiceError && error.code === 'SAGA_INVALID', String(error));
    return error.message.split('\n');
  }
  assert.fail('nothing is wrong with it');
}

test('the order saga: its way there and back', () => {
  const definition = parse(exampleText);
  const names = definition.stages.map(stage => stage.map(({ name, compensation }) => [name, compensation?.type ?? null]));
  assert.deepEqual(names, [
    [['RESERVE_INVENTORY', 'RELEASE_INVENTORY']],
    [['PROCESS_PAYMENT', 'REFUND_PAYMENT']],
    [['CONFIRM_ORDER', null]],
  ]);
  assert.deepEqual([definition.pivot, definition.deadlineMs, definition.correlation], ['PROCESS_PAYMENT', 120_000, 'orderId']);
  // The compensation goes to its step's topic, and is tried more often; so is what is behind the pivot.
  const [[reserve], , [confirm]] = definition.stages as [[(typeof definition.stages)[0][0]], unknown, [(typeof definition.stages)[0][0]]];
  assert.equal(reserve!.compensation!.topic, 'inventory-commands');
  assert.deepEqual([reserve!.retry.attemptsMax, reserve!.compensation!.retry.attemptsMax, confirm!.retry.attemptsMax], [3, 10, 10]);
});

test('in TypeScript it is the same definition, with the same hash', () => {
  assert.deepEqual(orderProcessing, parse(exampleText));
  const pinned = pinDefinition(orderProcessing);
  assert.equal(pinned.hash, pinDefinition(parse(exampleText)).hash);
  assert.match(pinned.hash, /^[0-9a-f]{64}$/);
});

test('the hash is the meaning’s: comments and order do not count, a time does', () => {
  const hash = (text: string) => pinDefinition(parse(text)).hash;
  const [first = '', ...rest] = exampleText.split(/^(?=correlation)/m);
  const moved = `${rest.join('')}\n${first}`;
  assert.equal(hash(moved), hash(exampleText));
  assert.notEqual(hash(exampleText.replace('deadline: 2m', 'deadline: 3m')), hash(exampleText));
});

test('every fault is told at once, with its line, its place and the name that was meant', () => {
  const faults = faultsOf(`name: order processing
start: order-created
correlation: orderId
pivot: PROCES_PAYMENT
dedline: 1m
steps:
  - name: RESERVE
    topic: commands
    payload: { id: $.start.id, amount: [$.replies.PROCESS_PAYMENT.amount] }
    success: reserved
  - name: PROCESS_PAYMENT
    payload: { id: $start.id, who: $.replies.RESERV.who }
    success: paid
    failure: [paid]
    timeout: 5 s
    retry: { attempts: 0, delay: 5s, max-delay: 1s }
  - together: []
  - name: PROCESS_PAYMENT
    topic: a b
    success: []
`);
  const expected = [
    /^s\.yaml:1: name: a name has letters/,
    /^s\.yaml:4: pivot: there is no step PROCES_PAYMENT; did you mean 'PROCESS_PAYMENT'\?/,
    /^s\.yaml:5: dedline: a saga has no 'dedline'; did you mean 'deadline'\?/,
    /^s\.yaml:9: steps\[0\]\.payload\.amount\[0\]: \$\.replies\.PROCESS_PAYMENT\.amount: PROCESS_PAYMENT is not before RESERVE/,
    /^s\.yaml:11: steps\[1\]: PROCESS_PAYMENT has no 'topic'/,
    /^s\.yaml:12: steps\[1\]\.payload\.id: '\$start\.id' is no path/,
    /^s\.yaml:12: steps\[1\]\.payload\.who: .*there is no step RESERV; did you mean 'RESERVE'\?/,
    /^s\.yaml:14: steps\[1\]\.failure: a message on paid says that PROCESS_PAYMENT is done, and it says that PROCESS_PAYMENT is not done/,
    /^s\.yaml:15: steps\[1\]\.timeout: a time is written/,
    /^s\.yaml:16: steps\[1\]\.retry\.attempts: it is a whole number from 1/,
    /^s\.yaml:16: steps\[1\]\.retry\.max-delay: it is less than the first pause/,
    /^s\.yaml:17: steps\[2\]\.together: a group has no step: .* never reached/,
    /^s\.yaml:18: steps\[3\]\.name: two steps are called PROCESS_PAYMENT/,
    /^s\.yaml:19: steps\[3\]\.topic: a topic has letters/,
    /^s\.yaml:20: steps\[3\]\.success: no reply says that PROCESS_PAYMENT is done, so what is behind it is never reached/,
  ];
  assert.deepEqual(
    expected.filter(pattern => !faults.some(fault => pattern.test(fault))),
    [],
    faults.join('\n'),
  );
  assert.equal(faults.length, expected.length, faults.join('\n'));
});

const step = (name: string, more = '') => `  - { name: ${name}, topic: commands, success: ${name}-done${more} }\n`;
const undo = (name: string) => `, compensation: { command: UNDO, success: ${name}-undone }`;
const sagaOf = (head: string, steps: string) => `name: s\nstart: started\ncorrelation: id\n${head}steps:\n${steps}`;

test('refused: what cannot be undone and should be, and a way back that depends on who is first', () => {
  assert.match(faultsOf(sagaOf('', step('A')))[0]!, /^s\.yaml:5: steps\[0\]: A has no compensation/);
  const [before] = faultsOf(sagaOf('pivot: B\n', step('A') + step('B') + step('C')));
  assert.match(before!, /A is before the pivot \(B\) and has no compensation/);
  const group = `  - together: [{ name: B, topic: c, success: b }, { name: C, topic: c, success: c${undo('C')} }]\n`;
  assert.match(faultsOf(sagaOf('pivot: B\n', step('A', undo('A')) + group))[0]!, /^s\.yaml:4: pivot: B is sent together with others/);
  parse(sagaOf('pivot: B\n', step('A', undo('A')) + step('B') + step('C')));
});

test('refused: a message that could answer two commands', () => {
  const twice = `  - { name: B, topic: commands, success: A-done${undo('B')} }\n`;
  assert.match(
    faultsOf(sagaOf('', step('A', undo('A')) + twice))[0]!,
    /A-done says that A is done, and it says that B is done: which is not told/,
  );
  const start = `  - { name: A, topic: commands, success: started${undo('A')} }\n`;
  assert.match(faultsOf(sagaOf('', start))[0]!, /started starts the saga, and it says that A is done/);
  // Types tell them apart.
  const typed = `  - { name: A, topic: c, success: events/Done, failure: [{ topic: events, type: Failed }]${undo('A')} }\n`;
  const { stages } = parse(sagaOf('', typed));
  assert.deepEqual(stages[0]![0]!.success, [{ topic: 'events', type: 'Done' }]);
});

test('a payload may use what has come: a compensation its own step’s reply, and any where it may be missing', () => {
  const with_ = (path: string) => `, compensation: { command: UNDO, success: A-undone, payload: ${path} }`;
  parse(sagaOf('', step('A', with_('$.replies.A.id'))));
  parse(sagaOf('', step('A', with_('$.replies.B.reason?')) + step('B', undo('B'))));
  assert.match(faultsOf(sagaOf('', step('A', with_('$.replies.B.reason')) + step('B', undo('B'))))[0]!, /B is not before A/);
  assert.match(faultsOf(sagaOf('', step('A', `, payload: $.replies.A.id${undo('A')}`)))[0]!, /A is not before A/);
});

test('refused: no map, a second document, a text that is no YAML, each with the line', () => {
  assert.match(faultsOf('- a')[0]!, /^s\.yaml:1: a saga is a map of name, start/);
  assert.match(faultsOf('')[0]!, /a saga is a map/);
  assert.throws(() => parse('name: a\n---\nname: b\n'), /s\.yaml:2: the file holds a second document/);
  assert.throws(() => parse('name: a\nsteps: [\n'), /s\.yaml:\d+: /);
});

test('in TypeScript what is wrong is told by its place too', () => {
  type Events = { readonly started: { readonly id: string; readonly note: string }; readonly done: { readonly id: string } };
  const source = { name: 's', start: 'started', correlation: 'id' } as const;
  const compensation = { command: 'UNDO', success: 'none' } as const;
  assert.throws(
    () =>
      defineSaga<Events>({
        ...source,
        steps: [{ name: 'A', topic: 'c', success: 'done', compensation, payload: ({ event }) => [event('done').id] }],
      }),
    /^SluiceError: defineSaga\('s'\): steps\[0\]\.payload\[0\]: \$\.replies\.A\.id: A is not before A/,
  );
  const { stages } = defineSaga<Events>({
    ...source,
    steps: [
      {
        name: 'A',
        topic: 'c',
        success: 'done',
        compensation,
        payload: ({ event, saga, optional }) => ({ note: optional(event('started').note), saga: saga.id, all: event('started'), plain: 1 }),
      },
    ],
  });
  assert.deepEqual(stages[0]![0]!.payload, { note: '$.start.note?', saga: '$.saga.id', all: '$.start', plain: 1 });
});
