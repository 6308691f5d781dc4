import { until } from '../support/until.ts';
import type { PublishedReader, Publisher, RunningCase } from './recorder.ts';

/** How often the daemon tells a Postgres how far it is. Ten seconds by default, which would only make the cases slow. */
const statusIntervalMs = 100;

/** The daemon as a publisher of recordings: its engine says when everything is durable in its log. */
export function daemonPublisher(url: string, reader: PublishedReader): Publisher {
  return {
    url,
    reader,
    settled,
    config: ({ engine }): Readonly<Record<string, string>> =>
      engine === 'postgres' ? { 'status.update.interval.ms': String(statusIntervalMs) } : {},
  };
}

type Snapshots = { readonly snapshot: { readonly state: string } | null };

/** A snapshot that the workload has asked for belongs to it: once its signal is published it is under way, or has ended. */
async function settled(running: RunningCase): Promise<void> {
  const { client, connector, engine } = running;
  await engine.settled(running);
  const ended = async () => (await client.call<Snapshots>('GET', `/connectors/${connector}/snapshots`)).snapshot?.state !== 'running';
  if (await ended()) return;
  await until(ended, { what: 'the snapshot to end', timeoutMs: 60_000 });
  await engine.settled(running);
}
