import { type AppendUnit, crashPoint, type LogWriter, type SluiceError, toSluiceError } from '../../../contract/index.ts';
import type { SagaUnit } from './saga-unit.ts';

/** Units handed to the log and not yet durable. */
const underWayMax = 4;

/** The units of a saga on their way into the log, in order; the first that fails is the last. */
export class SagaAppends {
  readonly #writer: LogWriter;
  readonly #settled: (error: SluiceError | null) => void;
  #underWay = 0;
  #last: Promise<boolean> = Promise.resolve(true);

  /** `settled` hears of each unit: null where it is durable. */
  constructor(writer: LogWriter, settled: (error: SluiceError | null) => void) {
    [this.#writer, this.#settled] = [writer, settled];
  }

  /** Whether no more may be handed over before one is durable. */
  get full(): boolean {
    return this.#underWay >= underWayMax;
  }

  /** As the writer's. */
  room(): Promise<void> | null {
    return this.#writer.room();
  }

  /** Hands over what was decided, with the offsets behind it; `told` hears what became of it. */
  send(unit: SagaUnit, consumed: AppendUnit['consumed'] | null, told: (error: SluiceError | null) => void): void {
    const transitions = unit.count > 0;
    this.#underWay++;
    if (transitions) crashPoint('saga-decided');
    const append: AppendUnit = { records: transitions ? unit.finish() : null, offsets: [], ...(consumed && { consumed }) };
    this.#last = this.#writer.append(append).then(
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
