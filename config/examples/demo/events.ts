import type { EventLog, Logger } from '../../../src/contract/index.ts';
import { openEmbeddedLog } from '../../../src/log/embedded/embedded-log.ts';
import { userCount } from './shop.ts';
import type { Customers, Target } from './targets.ts';
import type { Customer } from './workload.ts';

const topic = 'user-events';
/** What reads the log beside the daemon has nothing to say. */
export const silent: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };

type UserEvent = { readonly type: string; readonly id: number; readonly to?: string };

/** The events of the user flow, as another service gets them. */
export class Events implements Target {
  readonly name = 'event';
  readonly changesOnly = true;
  readonly #dataDir: string;
  readonly #ended = new AbortController();
  readonly #seen: UserEvent[] = [];
  readonly #addresses = new Set<string>();
  #log: EventLog | null = null;
  #reading: Promise<void> | null = null;

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
  }

  async #read(log: EventLog): Promise<void> {
    for await (const records of log.read({ topics: [topic], from: 'start', follow: true }, this.#ended.signal)) {
      for (const { value } of records) {
        const event: UserEvent = JSON.parse(Buffer.from(value ?? []).toString('utf8'));
        this.#seen.push(event);
        if (event.to !== undefined) this.#addresses.add(event.to);
      }
    }
  }

  async shows({ email }: Customer): Promise<boolean> {
    this.#log ??= await openEmbeddedLog({ dataDir: this.#dataDir, readOnly: true, logger: silent });
    if (this.#reading === null && (await this.#log.describeTopics([topic])).length > 0)
      this.#reading = this.#read(this.#log).catch(() => {}); // what it did not read is a difference
    return this.#addresses.has(email);
  }

  /** Each newcomer is told of once, each who left once, and the last address told of is the customer's. */
  differences(customers: Customers): readonly string[] {
    const of = (type: string) => this.#seen.filter(event => event.type === type).map(({ id }) => id);
    const [created, deleted] = [of('UserCreated'), of('UserDeleted')];
    const doubled = [created, deleted].flatMap(ids => ids.filter((id, index) => ids.indexOf(id) !== index));
    const expected = [...customers.keys(), ...deleted].filter(id => id > userCount);
    const addresses = new Map(this.#seen.flatMap(({ id, to }) => (to === undefined ? [] : [[id, to] as const])));
    return [
      ...doubled.map(id => `customer ${id} is told of twice`),
      ...expected.filter(id => !created.includes(id)).map(id => `customer ${id} is not told of`),
      ...deleted.filter(id => customers.has(id)).map(id => `customer ${id} is not gone`),
      ...[...addresses]
        .filter(([id, to]) => customers.has(id) && customers.get(id)?.email !== to)
        .map(([id]) => `customer ${id} has moved`),
    ];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort();
    await this.#reading;
    await this.#log?.[Symbol.asyncDispose]();
  }
}
