import type {
  Consumed,
  ErrorCode,
  SerializedBatch,
  SourceOffset,
  TargetState,
  TaskId,
  TopicPartition,
  TopicSpec,
} from '../../contract/index.ts';

/** A SerializedBatch on its way to the writer's thread: headers already as their column's text, buffers transferred. */
export type TransferredBatch = Omit<SerializedBatch, 'headerSets'> & { readonly headerTexts: readonly (string | null)[] };

/** One atomic unit of one writer. */
export type AppendRequest = {
  readonly kind: 'append';
  readonly writerId: number;
  readonly records: TransferredBatch | null;
  readonly offsets: readonly SourceOffset[];
  readonly consumed: Consumed | null;
};

/** Everything else that changes the file, each a transaction of its own. */
export type ChangeRequest =
  | { readonly kind: 'openWriter'; readonly task: TaskId }
  | { readonly kind: 'closeWriter'; readonly writerId: number }
  | { readonly kind: 'ensureTopics'; readonly topics: readonly TopicSpec[] }
  | { readonly kind: 'deleteTopics'; readonly names: readonly string[] }
  | { readonly kind: 'truncate'; readonly topic: string; readonly before: number }
  | {
      readonly kind: 'putConfig';
      readonly name: string;
      readonly config: Readonly<Record<string, string>>;
      readonly targetState: TargetState | null;
    }
  | { readonly kind: 'putTargetState'; readonly name: string; readonly state: TargetState }
  | { readonly kind: 'remove'; readonly name: string }
  | { readonly kind: 'alterOffsets'; readonly name: string; readonly offsets: readonly SourceOffset[] }
  | { readonly kind: 'addActiveTopics'; readonly name: string; readonly topics: readonly string[] }
  | { readonly kind: 'resetActiveTopics'; readonly name: string }
  | {
      readonly kind: 'putStatus';
      readonly name: string;
      readonly task: number | null;
      readonly state: string;
      readonly trace: string | null;
    }
  | { readonly kind: 'raiseGeneration'; readonly group: string }
  | { readonly kind: 'commitConsumed'; readonly consumed: Consumed }
  | {
      readonly kind: 'alterGroup';
      readonly group: string;
      readonly offsets: readonly (TopicPartition & { readonly offset: bigint | null })[];
    }
  | { readonly kind: 'removeGroup'; readonly group: string }
  | { readonly kind: 'clean' }
  | { readonly kind: 'close' };

export type Request = { readonly id: number; readonly body: AppendRequest | ChangeRequest };

/** What a change answers: only a writer has something to say. */
export type OpenedWriter = { readonly writerId: number; readonly offsets: readonly SourceOffset[] };

/** An error of the catalogue as it crosses threads. */
export type ErrorMessage = { readonly code: ErrorCode; readonly message: string; readonly remedy: string };

export type Reply =
  /** `slab`: the memory of the batch that was appended, to be used again. */
  | { readonly id: number; readonly ok: true; readonly opened: OpenedWriter | null; readonly slab: Uint8Array | null }
  | { readonly id: number; readonly ok: false; readonly error: ErrorMessage };

/** What the thread is started with. */
export type ThreadOptions = {
  readonly dataDir: string;
  readonly retentionMs: number;
  readonly retentionBytes: number;
  readonly cleanIntervalMs: number;
  readonly partitionsDefault: number;
  readonly bytesMax: number | null;
};
