import { SluiceError, type TaskId } from '../../contract/index.ts';
import { StickyPartitions } from '../partitioner.ts';

/** A writer as the thread knows it. `refusal` set, none of its appends is taken any more. */
export type OwnedWriter = { readonly id: number; readonly task: TaskId; readonly sticky: StickyPartitions; refusal: SluiceError | null };

/**
 * Who may write for a task: the writer opened last (invariant 3). In memory only: the owner's lock keeps other processes out, and writers of
 * a process that ended cannot call.
 */
export class Owners {
  readonly #writers = new Map<number, OwnedWriter>();
  #lastId = 0;

  /** Makes a new owner and fences the former one. */
  open(task: TaskId): OwnedWriter {
    this.fence(task.connector, task.task);
    const writer: OwnedWriter = { id: ++this.#lastId, task, sticky: new StickyPartitions(), refusal: null };
    this.#writers.set(writer.id, writer);
    return writer;
  }

  /** The writer's place is given up; later appends of it find none. */
  close(id: number): void {
    this.#writers.delete(id);
  }

  /** Fences the writers of a connector's task, or of all its tasks. */
  fence(connector: string, task: number | null): void {
    for (const writer of this.#writers.values()) {
      if (writer.task.connector !== connector || (task !== null && writer.task.task !== task)) continue;
      this.#writers.delete(writer.id);
    }
  }

  /**
   * The writer, where it still may write. After a failed append it may not: an overlapping later one would become durable with offsets
   * beyond records that never did. Throws SluiceError.
   */
  owner(id: number): OwnedWriter {
    const writer = this.#writers.get(id);
    if (!writer) throw new SluiceError('FENCED', 'The task has another owner, or its offsets were altered, since this writer was opened.');
    if (writer.refusal) throw writer.refusal;
    return writer;
  }
}
