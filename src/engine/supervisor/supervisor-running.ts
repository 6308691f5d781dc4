import type { EventLog } from '../../contract/index.ts';
import type { SupervisedConnector } from './supervisor-connector.ts';
import type { SupervisedConnectors } from './supervisor-connectors.ts';

/** What of a supervisor that has started its subjects work with. Its getters throw UNAVAILABLE before the start and when it is being stopped. */
export type Running = {
  readonly log: EventLog;
  readonly connectors: SupervisedConnectors;
  /** Throws NOT_FOUND. */
  connector(name: string, missing?: string): SupervisedConnector;
};

/** Looks at what has been started each time that it is asked. */
export function runningOf(started: () => Pick<Running, 'log' | 'connectors'>, connector: Running['connector']): Running {
  return {
    get log() {
      return started().log;
    },
    get connectors() {
      return started().connectors;
    },
    connector,
  };
}
