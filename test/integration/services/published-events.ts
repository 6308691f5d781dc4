import { openEmbeddedLog } from '../../../src/log/embedded/embedded-log.ts';
import { silentLogger } from '../../support/silent-logger.ts';

/** A record of a topic, as a consumer finds it. */
export type FoundRecord = {
  readonly topic: string;
  readonly key: string;
  readonly value: string;
  readonly headers: Readonly<Record<string, string | null>>;
  readonly timestampMs: number;
};

const text = (bytes: Uint8Array | null) => (bytes === null ? null : Buffer.from(bytes).toString());

/** What topics of an embedded log hold, read beside its daemon. One that is not there holds nothing. */
export async function recordsOf(dataDir: string, topics: readonly string[]): Promise<readonly FoundRecord[]> {
  await using log = await openEmbeddedLog({ dataDir, readOnly: true, logger: silentLogger });
  const found: FoundRecord[] = [];
  const there = (await log.describeTopics(topics)).map(({ topic }) => topic);
  if (there.length === 0) return found;
  for await (const batch of log.read({ topics: there, from: 'start', follow: false }, new AbortController().signal)) {
    for (const { topic, key, value, headers, timestampMs } of batch)
      found.push({
        ...{ topic, key: text(key) ?? '', value: text(value) ?? '', timestampMs },
        headers: Object.fromEntries(headers.map(header => [header.key, text(header.value)])),
      });
  }
  return found;
}
