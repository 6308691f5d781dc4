import { SluiceError } from '../../contract/index.ts';

/** The most calls that may wait for one connector; more are refused. */
const waitingMax = 100;

/** Runs calls about one connector one after the other, calls about different ones at the same time. */
export class NameLocks {
  readonly #waiting = new Map<string, { last: Promise<unknown>; count: number }>();

  /** Runs a call when all before it on this name are done. Rejects with CONFLICT where too many wait. */
  async run<T>(name: string, call: () => Promise<T>): Promise<T> {
    if ((this.#waiting.get(name)?.count ?? 0) >= waitingMax)
      throw new SluiceError('CONFLICT', `Too many requests wait for connector ${name}; try again later.`);
    return this.follow(name, call);
  }

  /** As `run`, for what a call leaves to be done behind those that wait already: it was let in with the call, so it is never refused. */
  async follow<T>(name: string, call: () => Promise<T>): Promise<T> {
    const queue = this.#waiting.get(name) ?? { last: Promise.resolve(), count: 0 };
    this.#waiting.set(name, queue);
    queue.count++;
    const done = queue.last.then(call);
    const settled = done.then(
      () => {},
      () => {},
    );
    queue.last = settled;
    await settled;
    queue.count--;
    if (queue.count === 0 && this.#waiting.get(name) === queue) this.#waiting.delete(name);
    return done;
  }
}
