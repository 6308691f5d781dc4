/** What the writer's process is told: updates of one row each, `count` of them, one every 1/`perSecond` s whatever the answers take. */
export type WriterTask = {
  readonly url: string;
  readonly table: string;
  readonly rows: number;
  readonly perSecond: number;
  readonly count: number;
};

/** What the reader's process is told. */
export type ReaderTask = {
  readonly from: { readonly kafka: string } | { readonly dataFolder: string };
  readonly topic: string;
  /** It ends when numbers 0 to `count` - 1 have come. */
  readonly count: number;
};

/** Where a change ends, as the observer sees it there. */
export type ObservedSink = 'jdbc' | 'views' | 'views-sqlite' | 'redis' | 'elasticsearch';

/** What the observer's process is told: where to look, and which sinks to look at. */
export type ObserverTask = {
  readonly sinks: readonly ObservedSink[];
  /** It ends when each has shown numbers 0 to `count` - 1. */
  readonly count: number;
  /** The database of the tables; its triggers notify the channel `seen` with `TABLE:NUMBER`. */
  readonly postgresUrl: string;
  /** By table, the sink that keeps it. */
  readonly tables: Readonly<Record<string, ObservedSink>>;
  readonly redis: { readonly host: string; readonly port: number };
  /** What the keys of rows begin with. */
  readonly redisPrefix: string;
  readonly sqliteFile: string;
  readonly sqliteTable: string;
  readonly elasticsearchUrl: string;
};

/** `port`: of what stands before Elasticsearch and sees its answers; 0 where that is not looked at. */
export type ObserverMessage =
  | { readonly kind: 'watching'; readonly port: number }
  | { readonly kind: 'seen'; readonly seenMs: Readonly<Partial<Record<ObservedSink, Float64Array>>> };

/**
 * What both processes answer. Times are milliseconds of the system's monotonic clock, which all processes share, by the number of the update.
 */
export type WriterMessage = { readonly kind: 'written'; readonly dueMs: Float64Array; readonly committedMs: Float64Array };
export type ReaderMessage = { readonly kind: 'ready' } | { readonly kind: 'read'; readonly receivedMs: Float64Array };

/** Now, by the clock that all processes of the machine share. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
