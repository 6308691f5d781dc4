import type { TopicPartition } from '../../contract/index.ts';

/**
 * What members of Kafka's own consumer groups tell each other (ConsumerProtocolSubscription and ConsumerProtocolAssignment, version 0), so that
 * Kafka's tools can show a group, and consumers of other kinds can share it.
 */
const version = 0;
const noUserData = -1;

/** The topics a member takes part in. */
export function encodeSubscription(topics: readonly string[]): Buffer {
  const parts = [int16(version), int32(topics.length), ...topics.flatMap(text), int32(noUserData)];
  return Buffer.concat(parts);
}

/** A member's topics, of whatever version it is. */
export function decodeSubscription(bytes: Buffer): readonly string[] {
  const cursor = new Cursor(bytes);
  cursor.int16();
  return cursor.array(() => cursor.text());
}

/** The partitions of one member. */
export function encodeAssignment(partitions: readonly TopicPartition[]): Buffer {
  const byTopic = Map.groupBy(partitions, ({ topic }) => topic);
  const topics = [...byTopic].flatMap(([topic, parts]) => [
    ...text(topic),
    int32(parts.length),
    ...parts.map(({ partition }) => int32(partition)),
  ]);
  return Buffer.concat([int16(version), int32(byTopic.size), ...topics, int32(noUserData)]);
}

/** This member's partitions; none where the leader has given it none. */
export function decodeAssignment(bytes: Buffer): readonly TopicPartition[] {
  if (bytes.length === 0) return [];
  const cursor = new Cursor(bytes);
  cursor.int16();
  return cursor
    .array(() => {
      const topic = cursor.text();
      return cursor.array(() => ({ topic, partition: cursor.int32() }));
    })
    .flat();
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function text(value: string): readonly Buffer[] {
  const bytes = Buffer.from(value);
  return [int16(bytes.length), bytes];
}

/** Throws RangeError where the bytes end too early. */
class Cursor {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  int16(): number {
    this.#at += 2;
    return this.#bytes.readInt16BE(this.#at - 2);
  }

  int32(): number {
    this.#at += 4;
    return this.#bytes.readInt32BE(this.#at - 4);
  }

  text(): string {
    const length = this.int16();
    this.#at += length;
    return this.#bytes.toString('utf8', this.#at - length, this.#at);
  }

  array<T>(element: () => T): T[] {
    const found: T[] = [];
    for (let left = this.int32(); left > 0; left--) found.push(element());
    return found;
  }
}
