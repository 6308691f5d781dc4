import { timeNumber, tokenTime } from './cluster-time.ts';
import type { StreamPosition } from './position.ts';

/** What bounds a chunk that was read beside the stream: what the stream must have brought before the chunk may be published. */
export type ChunkView = {
  /** The server’s time when it had been read: it saw nothing later. null: the server does not tell. */
  readonly readAt: bigint | null;
  /** Questions that the stream had sent by then. */
  readonly asked: number;
};

type ReachParts = {
  /** The server has one oplog, so it is not a sharded cluster. */
  readonly oneOplog: boolean;
  /** The stream and the reader of chunks ask the same member, so what one was told the other one finds. */
  readonly sameMember: boolean;
};

/**
 * How far a change stream is in cluster time. Its events come in the order of their times, but several may share one (a transaction’s), so an
 * event or a token tells that everything before its time was brought. With one oplog an answer without an event tells more: nothing is left at
 * its token’s time either. (The shards of a cluster may have the same time, and one of them still an event of it.)
 */
export class StreamReach {
  readonly #parts: ReachParts;
  /** Everything up to and with this time was brought. */
  #through = -1n;
  /** The latest time of what was brought; 0: not known. */
  #brought = 0n;
  #asked = 0;
  /** The last question that was answered without an event. */
  #emptyAsked = 0;
  #tokensTellTime = true;

  constructor(parts: ReachParts, start: StreamPosition) {
    this.#parts = parts;
    const time = start.clusterTime ?? (start.token && tokenTime(start.token));
    if (time !== null) this.event(timeNumber(time));
  }

  /** The time of the latest event: what is read beside the stream has to see it. 0: not known. */
  get brought(): bigint {
    return this.#brought;
  }

  /** Questions that were sent. */
  get asked(): number {
    return this.#asked;
  }

  /** The stream asks for more. Answers the question’s number. */
  ask(): number {
    return ++this.#asked;
  }

  /** An event of this time was brought. */
  event(time: bigint): void {
    if (time > this.#brought) this.#brought = time;
    if (time - 1n > this.#through) this.#through = time - 1n;
  }

  /** A question was answered: with this token, and without an event where `empty` says so. */
  answered(question: number, token: Buffer | null, empty: boolean): void {
    if (empty) this.#emptyAsked = question;
    const found = token && tokenTime(token);
    this.#tokensTellTime = found !== null;
    if (found === null) return;
    const time = timeNumber(found);
    const through = empty && this.#parts.oneOplog ? time : time - 1n;
    if (through > this.#through) this.#through = through;
  }

  /** Whether everything that the chunk may have seen was brought. */
  isPast({ readAt, asked }: ChunkView): boolean {
    if (readAt !== null && this.#through >= readAt) return true;
    // Tokens of other servers than MongoDB’s own: questions that were sent once the chunk was read, and found nothing. The first may still be
    // answered from before: what SecantusDB has acknowledged comes into its streams a moment later.
    const { oneOplog, sameMember } = this.#parts;
    return !this.#tokensTellTime && oneOplog && sameMember && this.#emptyAsked > asked + 1;
  }
}
