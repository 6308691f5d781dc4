import type { MetricType, Sample } from './exposition.ts';
import type { ObservedConnector, ObservedTask } from './observed.ts';

/** One metric: its name and unit after Prometheus' conventions (base units, `_total` for counters), and what it is made of. */
export type Family = {
  readonly name: string;
  readonly help: string;
  readonly type: MetricType;
  readonly labels: readonly string[];
  /** Without the connector's label, which all have. */
  samples(connector: ObservedConnector, nowMs: number): readonly Sample[];
};

type Value = Sample['value'] | null;

/** A figure of each task; null: this task has none. */
export function ofTasks(
  type: MetricType,
  name: string,
  help: string,
  of: (task: ObservedTask, nowMs: number, connector: ObservedConnector) => Value,
): Family {
  return {
    name,
    help,
    type,
    labels: ['connector', 'task'],
    samples: (connector, nowMs) =>
      connector.tasks.flatMap(task => {
        const value = of(task, nowMs, connector);
        return value === null ? [] : [{ labels: { task: String(task.id) }, value }];
      }),
  };
}

/** A figure of the connector; null: it has none. */
export function ofConnectors(type: MetricType, name: string, help: string, of: (connector: ObservedConnector) => Value): Family {
  return {
    name,
    help,
    type,
    labels: ['connector'],
    samples: connector => {
      const value = of(connector);
      return value === null ? [] : [{ labels: {}, value }];
    },
  };
}

export const secondsOf = (ms: number | null | undefined): number | null => (ms === null || ms === undefined ? null : ms / 1000);
export const unixSeconds = (time: string | null | undefined): number | null => (time ? Date.parse(time) / 1000 : null);
