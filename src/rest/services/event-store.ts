import type { AggregateAt, AppendResult, ReadOptions, RecordedEvent, StreamId } from '../../services/event-store/event-store.ts';
import type { OpenEventStore } from '../../services/event-store/hosting/open-event-store.ts';
import { publishedEvent } from '../../services/event-store/published-event.ts';
import { formatStream, parseStream } from '../../services/event-store/stream-id.ts';
import { type Answer, ok, RequestError } from '../answer.ts';
import type { RestRequest, Route } from '../router.ts';
import { appendOf, appendsOf, expectedByHeaders, retentionOf, wholeNumber } from './append-request.ts';
import { eventText } from './event-stream.ts';

/** Clients that may be subscribed at once; each has a connection open. */
const subscribersMax = 100;
/** Events of one answer, unless it says. */
const limitDefault = 100;

/** A position is a number as long as one can hold it: of a PostgreSQL server that has seen 2^37 transactions none can. Either is digits in JSON. */
function shownPosition(position: bigint): number | bigint {
  return position > BigInt(Number.MAX_SAFE_INTEGER) ? position : Number(position);
}

/** An event as REST shows it: as it is published, with its place in the store. */
function shown(event: RecordedEvent): object {
  return { position: shownPosition(event.position), ...publishedEvent(event) };
}

function shownAppend({ stream, version, created, repeated }: AppendResult): object {
  return { stream: formatStream(stream), version: Number(version), created, repeated };
}

function etag(version: bigint): NonNullable<Answer['headers']> {
  return { etag: `"${version}"` };
}

function known({ query }: RestRequest, names: readonly string[]): void {
  const unknown = [...query.keys()].find(name => !names.includes(name));
  if (unknown === undefined) return;
  throw new RequestError(400, `There is no parameter '${unknown}' (known ${names.length === 1 ? 'is' : 'are'} ${names.join(', ')}).`);
}

function limitOf({ query }: RestRequest): number {
  return Number(wholeNumber(query.get('limit') ?? String(limitDefault), 'limit'));
}

function rangeOf(request: RestRequest): ReadOptions {
  known(request, ['from', 'limit', 'direction']);
  const { query } = request;
  const [from, direction] = [query.get('from'), query.get('direction') ?? 'forwards'];
  if (direction !== 'forwards' && direction !== 'backwards') throw new RequestError(400, "'direction' must be forwards or backwards.");
  return { direction, limit: limitOf(request), ...(from !== null && { from: wholeNumber(from, 'from') }) };
}

/** `at=3` is a version, `at=2026-01-31T12:00:00Z` a moment. */
function placeOf(request: RestRequest): AggregateAt {
  known(request, ['at']);
  const at = request.query.get('at');
  if (at === null) return {};
  if (/^\d{1,19}$/.test(at)) return { version: BigInt(at) };
  const timestampMs = /^\d{4}-\d\d-\d\dT/.test(at) ? Date.parse(at) : Number.NaN;
  if (Number.isNaN(timestampMs)) throw new RequestError(400, "'at' must be a version, or a moment in ISO 8601: 2026-01-31T12:00:00Z.");
  return { timestampMs };
}

/** The store over HTTP. `stores` null: this worker has none, and everything is 404. */
export function eventStoreRoutes(stores: OpenEventStore | null): readonly Route[] {
  let subscribers = 0;

  function opened() {
    if (stores === null) throw new RequestError(404, 'This worker has no event store: its file names none (services: {event-store: {}}).');
    return stores.get();
  }

  /** The store first: where there is none, no request is looked at. */
  const ofStream = (handle: (request: RestRequest, stream: StreamId) => Promise<Answer>) => async (request: RestRequest) => {
    opened();
    return handle(request, parseStream(request.parameters['stream']!));
  };

  const missing = (stream: StreamId) => new RequestError(404, `The stream ${formatStream(stream)} does not exist.`);

  async function append(request: RestRequest, stream: StreamId): Promise<Answer> {
    const { events, expectedVersion } = appendOf(request);
    const result = await opened().store.append(stream, events, { expectedVersion });
    return { status: result.repeated ? 200 : 201, body: shownAppend(result), headers: etag(result.version) };
  }

  async function appendAll(request: RestRequest): Promise<Answer> {
    const { store } = opened();
    const results = await store.appendAll(appendsOf(request));
    return { status: results.every(({ repeated }) => repeated) ? 200 : 201, body: { appends: results.map(shownAppend) } };
  }

  async function read(request: RestRequest, stream: StreamId): Promise<Answer> {
    const range = rangeOf(request);
    const { events, version, exists } = await opened().store.read(stream, range);
    if (!exists) throw missing(stream);
    return ok({ stream: formatStream(stream), version: Number(version), events: events.map(shown) }, etag(version));
  }

  async function state(request: RestRequest, stream: StreamId): Promise<Answer> {
    const { store, aggregates } = opened();
    const at = placeOf(request);
    const evolution = aggregates.get(stream.type);
    if (evolution === undefined) {
      const there = aggregates.size === 0 ? 'there are none' : `there are ${[...aggregates.keys()].join(', ')}`;
      throw new RequestError(
        404,
        `No aggregate of type '${stream.type}' is registered (${there}): services.event-store.aggregates names the module.`,
      );
    }
    const { state, version, exists } = await store.aggregate(stream, evolution, at);
    if (!exists) throw missing(stream);
    return ok({ stream: formatStream(stream), version: Number(version), state }, etag(version));
  }

  async function remove(request: RestRequest, stream: StreamId): Promise<Answer> {
    known(request, ['mode']);
    const mode = request.query.get('mode') ?? 'soft';
    if (mode !== 'soft' && mode !== 'hard') throw new RequestError(400, "'mode' must be soft or hard.");
    await opened().store.deleteStream(stream, mode, { expectedVersion: expectedByHeaders(request) ?? 'any' });
    return { status: 204 };
  }

  async function all(request: RestRequest): Promise<Answer> {
    const { store } = opened();
    known(request, ['after', 'limit']);
    const after = wholeNumber(request.query.get('after') ?? '0', 'after');
    const events = await store.readAll(after, { limit: limitOf(request) });
    return ok({ events: events.map(shown), next: shownPosition(events.at(-1)?.position ?? after) });
  }

  function subscribe(request: RestRequest): Answer {
    const { store, closing } = opened();
    known(request, ['after']);
    // A client that comes again says what it has had; what stood in its address is older.
    const after = wholeNumber(request.header('last-event-id') ?? request.query.get('after') ?? '0', 'after');
    if (subscribers >= subscribersMax)
      throw new RequestError(503, `There are ${subscribersMax} subscribers already, and no more are taken.`);
    return {
      status: 200,
      streaming: async ({ signal, write }) => {
        subscribers++;
        try {
          for await (const events of store.subscribe(after, AbortSignal.any([signal, closing])))
            for (const event of events) {
              if (signal.aborted) return;
              await write(eventText(String(event.position), shown(event)));
            }
        } finally {
          subscribers--;
        }
      },
    };
  }

  const stream = '/event-store/streams/{stream}';
  return [
    { path: '/event-store/streams', whenReady: true, everyday: ['POST'], methods: { POST: appendAll } },
    {
      path: stream,
      whenReady: true,
      everyday: ['POST'],
      methods: { GET: ofStream(read), POST: ofStream(append), DELETE: ofStream(remove) },
    },
    { path: `${stream}/state`, whenReady: true, methods: { GET: ofStream(state) } },
    {
      path: `${stream}/retention`,
      whenReady: true,
      methods: {
        PUT: ofStream(async (request, stream) => {
          await opened().store.setRetention(stream, retentionOf(request));
          return { status: 204 };
        }),
      },
    },
    { path: '/event-store/events', whenReady: true, methods: { GET: all } },
    { path: '/event-store/subscribe', whenReady: true, methods: { GET: subscribe } },
  ];
}
