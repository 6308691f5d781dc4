/** What metrics are made of: the part of a connector's progress that they show. Times are ISO 8601 texts, as REST has them. */
export type ObservedTask = {
  readonly id: number;
  readonly state: string;
  readonly retrying: { readonly since: string; readonly attempts: number } | null;
  readonly phase: string | null;
  readonly read_lag_ms: number | null;
  readonly commit_lag_ms: number | null;
  readonly snapshot: {
    readonly tables: number;
    readonly tablesDone: number;
    readonly rows: number;
    readonly rowsEstimated: number | null;
  } | null;
  readonly bytes: number;
  readonly records_by_topic: Readonly<Record<string, number>>;
  readonly filtered: number;
  readonly skipped: number;
  readonly last_durable: string | null;
};

export type ObservedConnector = {
  readonly name: string;
  readonly state: string;
  readonly warnings: readonly string[];
  readonly tasks: readonly ObservedTask[];
};

export type ObservedWorker = { readonly version: string; readonly ready: boolean };
