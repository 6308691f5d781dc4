import type { Figures } from '../results.ts';
import { startDebezium } from '../subjects/debezium.ts';
import type { Backlog, BenchDatabase, RunStart } from '../workload/bench-database.ts';
import type { ConnectorOptions } from '../workload/connector.ts';
import { drain } from './drain.ts';

/** Heaps tried one after the other, in MB, from Connect's default down; the first is the pace that the others are held against. */
const heapsMb = [2048, 1024, 512, 384, 320, 256, 224, 192, 160, 128, 112, 96];
/** A worker that collects garbage most of the time has not drained a backlog, it has survived it. */
const slownessMax = 3;

export type HeapSearch = {
  readonly kafka: string;
  readonly database: BenchDatabase;
  readonly backlog: Backlog;
  readonly records: number;
  readonly connector: (run: RunStart) => ConnectorOptions;
  readonly say: (text: string) => void;
};

/** The smallest of the heaps with which Debezium still drains the backlog, with what that run found. Ends at the first that fails. */
export async function smallestHeap({ kafka, database, backlog, records, connector, say }: HeapSearch): Promise<Figures> {
  let found: Figures | null = null;
  let secondsMax = Number.POSITIVE_INFINITY;
  for (const heapMb of heapsMb) {
    await using run = await backlog.begin();
    const start = () => startDebezium({ kafka, exactlyOnce: true, heap: [`-Xms${Math.min(heapMb, 256)}M`, `-Xmx${heapMb}M`] });
    try {
      const figures = await drain({ database, start, connector: connector(run), records, secondsMax });
      say(`   -Xmx${heapMb}M drains, at ${Math.round(figures.perSecond!)}/s`);
      if (found === null) secondsMax = figures.secondsWithStart! * slownessMax;
      found = { ...figures, heapMb };
    } catch (error) {
      say(`   -Xmx${heapMb}M does not drain: ${(error as Error).message.split('\n')[0]}`);
      if (found === null) throw error;
      return found;
    }
  }
  return found!;
}
