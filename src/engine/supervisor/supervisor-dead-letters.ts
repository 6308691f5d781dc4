import { SluiceError } from '../../contract/index.ts';
import type { BesideServices } from '../sink/beside-services.ts';
import { type DeadLetter, deadLetterGroup } from '../sink/dead-letter.ts';
import { deadLetters } from '../sink/parked-keys.ts';
import { placesBehind, type Redelivered, redeliver } from '../sink/redelivery.ts';
import type { SinkPlan } from '../sink/sink-plan.ts';
import type { DeadLetterSettings } from '../sink/sink-task-plan.ts';
import type { SupervisedConnector } from './supervisor-connector.ts';
import type { Running } from './supervisor-running.ts';

/** A dead letter as it may be shown: where and why, and nothing of what is in it (invariant 8). */
export type ShownLetter = {
  /** Its place among the dead letters. */
  readonly partition: number;
  readonly offset: number;
  readonly record: { readonly topic: string; readonly partition: number; readonly offset: number };
  readonly timestamp: string;
  readonly stage: string;
  readonly class: string;
  readonly exception: string;
  readonly message: string;
  readonly task: number;
};

/** GET /sluice/connectors/NAME/dead-letters. */
export type ShownLetters = {
  readonly topic: string;
  readonly letters: readonly ShownLetter[];
  /** How many wait in all; `letters` holds the first of them. */
  readonly waiting: number;
};

/** Dead letters of sinks that are not dealt with: to look at, to send again, to discard. */
export class DeadLetters {
  readonly #running: Running;
  readonly #services: (connector: string) => Omit<BesideServices, 'log'>;
  readonly #ended: AbortSignal;

  constructor(running: Running, services: (connector: string) => Omit<BesideServices, 'log'>, ended: AbortSignal) {
    [this.#running, this.#services, this.#ended] = [running, services, ended];
  }

  async list(name: string, max: number): Promise<ShownLetters> {
    const { settings } = this.#of(name);
    const letters: ShownLetter[] = [];
    let waiting = 0;
    for await (const letter of this.#waiting(name, settings)) {
      waiting++;
      if (letters.length < max) letters.push(shown(letter));
    }
    return { topic: settings.topic, letters, waiting };
  }

  /** Sends those up to `to` (an offset among the dead letters; null: all) through the sink again. One call at a time, in the connector's turn. */
  async redeliver(name: string, to: bigint | null): Promise<Redelivered> {
    return this.#running.connectors.run(name, async () => {
      const { connector, plan, settings } = this.#of(name);
      const services = { ...this.#services(name), log: this.#running.log };
      try {
        return await redeliver(name, plan, settings, letter => isUpTo(letter, to), services, this.#ended);
      } finally {
        moved(connector);
      }
    });
  }

  /** Takes them as dealt with, without sending them again; they stay in their topic. */
  async discard(name: string, to: bigint | null): Promise<{ readonly discarded: number }> {
    return this.#running.connectors.run(name, async () => {
      const { connector, settings } = this.#of(name);
      const letters: DeadLetter[] = [];
      for await (const letter of this.#waiting(name, settings)) if (isUpTo(letter, to)) letters.push(letter);
      if (letters.length > 0) await this.#running.log.groups.alterOffsets(deadLetterGroup(name), placesBehind(letters));
      moved(connector);
      return { discarded: letters.length };
    });
  }

  async *#waiting(name: string, { topic }: DeadLetterSettings): AsyncGenerator<DeadLetter> {
    const { log } = this.#running;
    const from = await log.groups.offsets(deadLetterGroup(name));
    yield* deadLetters(log, topic, name, from, this.#ended);
  }

  #of(name: string): { readonly connector: SupervisedConnector; readonly plan: SinkPlan; readonly settings: DeadLetterSettings } {
    const connector = this.#running.connector(name);
    const plan = connector.sink;
    if (plan === null) throw new SluiceError('BAD_REQUEST', `Connector ${name} is not a sink, or its configuration is not valid.`);
    const settings = plan.deadLetters;
    if (settings === null)
      throw new SluiceError(
        'BAD_REQUEST',
        `Connector ${name} has no dead letters: it needs errors.tolerance=all and errors.deadletterqueue.topic.name.`,
      );
    if (!settings.contextHeaders)
      throw new SluiceError(
        'BAD_REQUEST',
        `The dead letters of connector ${name} do not say where they come from: set errors.deadletterqueue.context.headers.enable=true.`,
      );
    return { connector, plan, settings };
  }
}

/** The tasks learn anew which keys are parked. */
function moved({ tasks }: SupervisedConnector): void {
  for (const task of tasks) task.consuming?.deadLettersMoved();
}

function isUpTo({ letter }: DeadLetter, to: bigint | null): boolean {
  return to === null || letter.offset <= to;
}

function shown({ letter, record, stage, className, exceptionClass, message, task }: DeadLetter): ShownLetter {
  return {
    partition: letter.partition,
    offset: Number(letter.offset),
    record: { topic: record.topic, partition: record.partition, offset: Number(record.offset) },
    timestamp: new Date(record.timestampMs).toISOString(),
    stage,
    class: className,
    exception: exceptionClass,
    message,
    task,
  };
}
