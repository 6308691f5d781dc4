import type { PublishedReader, Publisher } from './recorder.ts';

/** How often the daemon tells a Postgres how far it is. Ten seconds by default, which would only make the cases slow. */
const statusIntervalMs = 100;

/** The daemon as a publisher of recordings: its engine says when everything is durable in its log. */
export function daemonPublisher(url: string, reader: PublishedReader): Publisher {
  return {
    url,
    reader,
    settled: running => running.engine.settled(running),
    config: ({ engine }): Readonly<Record<string, string>> =>
      engine === 'postgres' ? { 'status.update.interval.ms': String(statusIntervalMs) } : {},
  };
}
