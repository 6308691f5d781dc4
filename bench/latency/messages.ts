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

/**
 * What both processes answer. Times are milliseconds of the system's monotonic clock, which all processes share, by the number of the update.
 */
export type WriterMessage = { readonly kind: 'written'; readonly dueMs: Float64Array; readonly committedMs: Float64Array };
export type ReaderMessage = { readonly kind: 'ready' } | { readonly kind: 'read'; readonly receivedMs: Float64Array };

/** Now, by the clock that all processes of the machine share. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
