import type { ErrorCode } from '../../../contract/index.ts';
import type { ExpectedVersion, StreamId, StreamRetention } from '../event-store.ts';
import type { PreparedAppend, PreparedEvent } from '../storage.ts';

/** A state as its text, for the writer. */
export type StateToStore = { readonly name: string; readonly version: number; readonly timestampMs: number; readonly text: string };

/** Everything that changes the file. */
export type Change =
  | { readonly kind: 'append'; readonly appends: readonly PreparedAppend[] }
  | {
      readonly kind: 'delete';
      readonly stream: StreamId;
      readonly mode: 'soft' | 'hard';
      readonly expectedVersion: ExpectedVersion;
      readonly event: PreparedEvent;
    }
  | { readonly kind: 'setRetention'; readonly stream: StreamId; readonly retention: StreamRetention }
  | { readonly kind: 'storeState'; readonly stream: StreamId; readonly state: StateToStore }
  /** Events up to this position are published: retention may let them go. */
  | { readonly kind: 'published'; readonly position: number }
  | { readonly kind: 'close' };

export type Request = { readonly id: number; readonly change: Change };

/** What an append left of one stream. */
export type AppendedStream = { readonly version: number; readonly created: boolean; readonly repeated: boolean };

/** An error of the catalogue as it crosses threads. */
export type ErrorMessage = {
  readonly code: ErrorCode;
  readonly message: string;
  readonly remedy: string;
  /** Of STREAM_CONFLICT alone. */
  readonly currentVersion: bigint | null;
};

export type Reply =
  /** `appended`: of an append alone. */
  | { readonly id: number; readonly ok: true; readonly appended: readonly AppendedStream[] | null }
  | { readonly id: number; readonly ok: false; readonly error: ErrorMessage };

/** From the thread. `position`: of the last event that is stored. The first message answers its start. */
export type FromThread =
  | { readonly kind: 'started'; readonly position: number }
  | { readonly kind: 'refused'; readonly error: ErrorMessage }
  | { readonly kind: 'replies'; readonly replies: readonly Reply[]; readonly position: number };

/** What the thread is started with. */
export type ThreadOptions = {
  readonly folder: string;
  /** Retention keeps what is not published yet (`published`). `position`: up to where it is, where that was told before. */
  readonly heldForPublishing: { readonly position: number } | null;
  /** Of streams that have none of their own. */
  readonly retention: StreamRetention;
};
