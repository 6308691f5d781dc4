import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { EventStoreRest } from './event-store-rest.ts';

describe('the event store over REST', () => {
  let rest: EventStoreRest;
  before(async () => {
    rest = await new EventStoreRest().start();
    await rest.append('order:1', 'OrderCreated');
  });
  after(() => rest[Symbol.asyncDispose]());

  const event = { type: 'OrderCreated', data: {} };
  const wrong: [
    what: string,
    method: string,
    path: string,
    body: unknown,
    status: number,
    message: RegExp,
    headers?: Record<string, string>,
  ][] = [
    ['no body', 'POST', '/streams/order:9', undefined, 400, /has no body/],
    ['no JSON', 'POST', '/streams/order:9', '{"events": [', 400, /not valid JSON at line 1/],
    ['no events', 'POST', '/streams/order:9', {}, 400, /\\"events\\" must be a list/],
    ['an empty list', 'POST', '/streams/order:9', { events: [] }, 400, /no event to append/],
    ['an unknown field', 'POST', '/streams/order:9', { event: [] }, 400, /has no \\"event\\"; did you mean \\"events\\"/],
    ['an unknown field of an event', 'POST', '/streams/order:9', { events: [{ ...event, typ: 'x' }] }, 400, /Event 1 has no \\"typ\\"/],
    ['no type', 'POST', '/streams/order:9', { events: [{ data: {} }] }, 400, /Event 1: \\"type\\" must be a text/],
    ['no data', 'POST', '/streams/order:9', { events: [event, { type: 'T' }] }, 400, /Event 2: \\"data\\" is missing/],
    ['a reserved type', 'POST', '/streams/order:9', { events: [{ ...event, type: '$x' }] }, 400, /begins with '\$'/],
    ['no moment', 'POST', '/streams/order:9', { events: [{ ...event, timestamp: 'today' }] }, 400, /must be a moment in ISO 8601/],
    [
      'a wrong schema version',
      'POST',
      '/streams/order:9',
      { events: [{ ...event, schemaVersion: 0.5 }] },
      400,
      /schemaVersion is no whole number/,
    ],
    [
      'metadata that is none',
      'POST',
      '/streams/order:9',
      { events: [{ ...event, metadata: [] }] },
      400,
      /\\"metadata\\" must be a JSON object/,
    ],
    [
      'no version',
      'POST',
      '/streams/order:9',
      { events: [event], expectedVersion: 'three' },
      400,
      /must be any, none, exists, or a version/,
    ],
    ['a negative version', 'POST', '/streams/order:9', { events: [event], expectedVersion: -1 }, 400, /must be any, none/],
    ['no ETag', 'POST', '/streams/order:9', { events: [event] }, 400, /If-Match must be/, { 'if-match': '"x"' }],
    [
      'two expectations',
      'POST',
      '/streams/order:9',
      { events: [event], expectedVersion: 1 },
      400,
      /expect different versions/,
      { 'if-match': '2' },
    ],
    ['a stream without type', 'POST', '/streams/9', { events: [event] }, 400, /write type:id/],
    [
      'one id twice',
      'POST',
      '/streams/order:9',
      {
        events: [
          { ...event, id: 'd' },
          { ...event, id: 'd' },
        ],
      },
      400,
      /comes twice/,
    ],
    ['one stream twice', 'POST', '/streams', { appends: [1, 2].map(() => ({ stream: 'order:9', events: [event] })) }, 400, /comes twice/],
    ['an append without stream', 'POST', '/streams', { appends: [{ events: [event] }] }, 400, /Append 1: \\"stream\\" must be a text/],
    ['a limit beyond bounds', 'GET', '/streams/order:1?limit=10001', undefined, 400, /limit is no whole number/],
    ['no direction', 'GET', '/streams/order:1?direction=up', undefined, 400, /forwards or backwards/],
    ['an unknown parameter', 'GET', '/streams/order:1?form=1', undefined, 400, /no parameter 'form' \(known are from, limit, direction\)/],
    ['no such stream', 'GET', '/streams/order:404', undefined, 404, /The stream order:404 does not exist/],
    ['no place', 'GET', '/streams/order:1/state?at=now', undefined, 400, /'at' must be a version, or a moment/],
    ['no mode', 'DELETE', '/streams/order:1?mode=rm', undefined, 400, /soft or hard/],
    ['no position', 'GET', '/events?after=-1', undefined, 400, /'after' must be a whole number/],
    ['no position to subscribe from', 'GET', '/subscribe?after=end', undefined, 400, /'after' must be a whole number/],
    ['a wrong Last-Event-ID', 'GET', '/subscribe', undefined, 400, /must be a whole number/, { 'last-event-id': 'x' }],
    ['a wrong retention', 'PUT', '/streams/order:1/retention', { eventsMax: 0 }, 400, /eventsMax is neither null nor/],
  ];
  for (const [what, method, path, body, status, message, headers] of wrong)
    test(`answers ${status} to ${what}`, async () => {
      const answer = await rest.call(method, path, body, headers);
      assert.equal(answer.status, status, JSON.stringify(answer.body));
      assert.match(JSON.stringify(answer.body), message);
      assert.equal((answer.body as { error_code: number }).error_code, status);
    });
});
