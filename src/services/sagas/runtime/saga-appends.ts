import { crashPoint, type LogConsumer, type PartitionOffset, type SluiceError, toSluiceError } from '../../../contract/index.ts';
import type { SagaBatch } from './saga-batch.ts';
import type { SagaLedger } from './saga-store.ts';

/** Units handed to the store and not yet durable. */
const underWayMax = 4;

/** The units of a saga on their way into its store, in order; the first that fails is the last. */
export class SagaAppends {
  readonly #ledger: SagaLedger;
  readonly #consumer: LogConsumer;
  readonly #settled: (error: SluiceError | null) => void;
  #underWay = 0;
  #last: Promise<boolean> = Promise.resolve(true);

  /** `settled` hears of each unit: null where it is durable. */
  constructor(ledger: SagaLedger, consumer: LogConsumer, settled: (error: SluiceError | null) => void) {
    [this.#ledger, this.#consumer, this.#settled] = [ledger, consumer, settled];
  }

  /** Whether no more may be handed over before one is durable. */
  get full(): boolean {
    return this.#underWay >= underWayMax;
  }

  /** As the ledger's. */
  room(): Promise<void> | null {
    return this.#ledger.room();
  }

  /** Hands over what was decided, with the offsets behind it; `told` hears what became of it. */
  send(batch: SagaBatch, next: readonly PartitionOffset[], told: (error: SluiceError | null) => void): void {
    const transitions = !batch.isEmpty;
    this.#underWay++;
    if (transitions) crashPoint('saga-decided');
    this.#last = this.#ledger.append(batch, next, this.#consumer).then(
      () => {
        if (transitions) crashPoint('saga-durable');
        return this.#end(null, told);
      },
      (error: unknown) => this.#end(toSluiceError(error), told),
    );
  }

  /** Resolves when the unit that was handed over last, and so every one before it, is durable or has failed; answers which. */
  durable(): Promise<boolean> {
    return this.#last;
  }

  #end(error: SluiceError | null, told: (error: SluiceError | null) => void): boolean {
    this.#underWay--;
    told(error);
    this.#settled(error);
    return error === null;
  }
}
