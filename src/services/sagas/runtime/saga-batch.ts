import type { LogRecord, SerializedHeader } from '../../../contract/index.ts';
import type { SagaCommand, SagaInstance } from '../saga.ts';
import type { Heard, Move, Tally } from './saga-counts.ts';

/** How an instance was before a batch, and is at its end; `before` is null where it begins in it. */
export type Moved = { readonly before: SagaInstance | null; readonly after: SagaInstance };

/** A command and the instance that sends it. */
export type SentCommand = { readonly command: SagaCommand; readonly sagaId: string };

/** A message that nobody can take, with the headers that say why. */
export type DeadMessage = { readonly topic: string; readonly record: LogRecord; readonly headers: readonly SerializedHeader[] };

/** What one batch of messages, times and orders leads to: durable together, and counted then. */
export class SagaBatch implements Tally {
  /** An instance that moved more than once is stored once, as it is at the end. */
  readonly moved = new Map<string, Moved>();
  /** Instances that are not needed any more. One of them may begin anew in the same batch: it does so behind. */
  readonly forgotten: string[] = [];
  /** In the order in which they are sent. */
  readonly sent: SentCommand[] = [];
  readonly dead: DeadMessage[] = [];
  readonly heard: Heard[] = [];
  readonly moves: Move[] = [];
  orders = 0;

  get commands(): number {
    return this.sent.length;
  }

  /** Nothing is to be stored. */
  get isEmpty(): boolean {
    return this.moved.size === 0 && this.forgotten.length === 0 && this.sent.length === 0 && this.dead.length === 0;
  }

  move(before: SagaInstance | null, after: SagaInstance, commands: readonly SagaCommand[], nowMs: number): void {
    const known = this.moved.get(after.id);
    this.moved.set(after.id, { before: known === undefined ? before : known.before, after });
    for (const command of commands) this.sent.push({ command, sagaId: after.id });
    this.moves.push({ before, after, nowMs });
  }

  forget(id: string): void {
    this.moved.delete(id);
    this.forgotten.push(id);
  }
}
