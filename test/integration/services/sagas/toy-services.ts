import type { EventLog, JsonObject, LogRecord, LogWriter } from '../../../../src/contract/index.ts';
import { until } from '../../../support/until.ts';
import { Member, nextOf } from '../../consumer-suite/member.ts';
import { serializedBatch } from '../../serialized-batch.ts';

/** A command as a service gets it. */
export type Command = { readonly type: string; readonly key: string; readonly orderId: string; readonly attempt: number };
/** What a service answers: a topic's name without its prefix, and data. null: it stays silent. */
export type Answer = { readonly topic: string; readonly data?: JsonObject; readonly withoutKey?: boolean } | null;
export type Behaviour = (command: Command) => Answer;

const replies: Readonly<Record<string, string>> = {
  RESERVE_INVENTORY: 'inventory-reserved',
  RELEASE_INVENTORY: 'inventory-released',
  PROCESS_PAYMENT: 'payment-processed',
  REFUND_PAYMENT: 'payment-refunded',
  CONFIRM_ORDER: 'order-confirmed',
  CANCEL_ORDER: 'order-cancelled',
};

/** Everything goes well. */
export const obliging: Behaviour = ({ type }) => ({ topic: replies[type]! });

const header = (record: LogRecord, name: string) => Buffer.from(record.headers.find(({ key }) => key === name)?.value ?? []).toString();

export function commandOf(record: LogRecord): Command {
  const { orderId } = JSON.parse(Buffer.from(record.value!).toString()) as { orderId: string };
  const key = header(record, 'idempotencyKey');
  return { type: header(record, 'type'), key, orderId, attempt: Number(key.slice(key.lastIndexOf(':') + 1)) };
}

/**
 * Inventory, payment and order service as one member of a group: it answers commands, each answer in one unit of the log with the offset of its
 * command. So each command has at most one answer, whatever dies when.
 */
export class ToyServices implements AsyncDisposable {
  readonly commands: Command[] = [];
  behaviour: Behaviour = obliging;
  readonly #prefix: string;
  readonly #writer: LogWriter;
  readonly #member: Member;

  private constructor(log: EventLog, prefix: string, writer: LogWriter) {
    this.#prefix = prefix;
    this.#writer = writer;
    const topics = ['inventory-commands', 'payment-commands', 'order-commands'].map(name => `${prefix}-${name}`);
    this.#member = new Member(log, { group: `${prefix}-services`, topics }, records => this.#answer(records));
  }

  static async open(log: EventLog, prefix: string): Promise<ToyServices> {
    const abort = new AbortController().signal;
    const writer = await log.writer({ connector: `${prefix}-services`, task: 0 }, { producerOverrides: {}, transactional: true }, abort);
    return new ToyServices(log, prefix, writer);
  }

  /** Waits until so many commands of a type have come. */
  async got(type: string, times = 1): Promise<void> {
    const count = () => this.commands.filter(command => command.type === type).length;
    await until(() => count() >= times, { what: `${times} commands ${type}`, timeoutMs: 60_000 });
  }

  async #answer(records: readonly LogRecord[]): Promise<void> {
    const answers = records.flatMap(record => {
      const command = commandOf(record);
      this.commands.push(command);
      const answer = this.behaviour(command);
      if (answer === null) return [];
      const { topic, data = {}, withoutKey = false } = answer;
      const headers = withoutKey ? [] : [{ key: 'idempotencyKey', value: Buffer.from(command.key) }];
      return [
        { topic: `${this.#prefix}-${topic}`, key: command.orderId, value: JSON.stringify({ orderId: command.orderId, ...data }), headers },
      ];
    });
    const consumed = this.#member.consumer.consumed(nextOf(records));
    await this.#writer.append({ records: answers.length === 0 ? null : serializedBatch(answers), offsets: [], consumed });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#member[Symbol.asyncDispose]();
    await this.#writer[Symbol.asyncDispose]();
  }
}
