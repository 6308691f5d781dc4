import type { EventLog } from '../../../src/contract/index.ts';
import { openEmbeddedLog } from '../../../src/log/embedded/embedded-log.ts';
import { openLog } from '../../integration/kafka-log-fixture.ts';
import { silentLogger } from '../../support/silent-logger.ts';

/** The folder of an embedded log, or a worker's options on Kafka. */
export type CopiersLog = { readonly dataDir: string } | { readonly options: Readonly<Record<string, string>> };

export type CopierSettings = { readonly log: CopiersLog; readonly group: string; readonly from: string; readonly to: string };

export function openCopiersLog(log: CopiersLog): Promise<EventLog> {
  return 'dataDir' in log ? openEmbeddedLog({ dataDir: log.dataDir, logger: silentLogger }) : openLog(log.options);
}
