import { until } from './until.ts';

/** A connector's or task's state on REST. */
type State = { readonly state: string; readonly worker_id: string; readonly trace?: string };
export type ConnectorStatus = {
  readonly name: string;
  readonly connector: State;
  readonly tasks: readonly (State & { readonly id: number })[];
};

/** An answer that is not 2xx, with Connect's error body. */
export class RestError extends Error {
  readonly status: number;
  constructor(request: string, status: number, body: string) {
    super(`${request}: ${status} ${body}`);
    this.status = status;
  }
}

/** A group rebalances, or has just taken another change in, and asks its clients to come again. */
function isRebalancing(error: unknown): boolean {
  return error instanceof RestError && error.status === 409 && /rebalance is in progress|stale configuration/.test(error.message);
}

/** What a daemon that has just been started may answer of a connector before it has it. */
export function isMomentary(error: unknown): boolean {
  return isRebalancing(error) || (error instanceof RestError && [404, 503].includes(error.status));
}

/** Talks to Kafka Connect's REST API, whoever answers it. */
export class ConnectClient {
  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  /** One request; the body as JSON. Rejects with RestError for anything but 2xx. */
  async call<Answer = unknown>(method: string, path: string, body?: unknown): Promise<Answer> {
    const response = await fetch(this.url + path, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new RestError(`${method} ${path}`, response.status, text);
    return (text ? JSON.parse(text) : undefined) as Answer;
  }

  /** The same of a change. A group that rebalances, or has just taken another change in, asks its clients to come again, as Connect's does. */
  async change(method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<void> {
    const change = () =>
      this.call(method, path, body).then(
        () => true,
        (error: unknown) => {
          if (isRebalancing(error)) return false;
          throw error;
        },
      );
    await until(change, { what: `the group to take ${method} ${path}`, timeoutMs: 60_000 });
  }

  /** Makes or changes a connector. */
  async putConfig(name: string, config: Readonly<Record<string, string>>): Promise<void> {
    await this.change('PUT', `/connectors/${encodeURIComponent(name)}/config`, config);
  }

  /** The same of a daemon's connector, and waits until its tasks are those of this config: whoever asks next hears of no former one. */
  async apply(name: string, config: Readonly<Record<string, string>>): Promise<void> {
    await this.change('PUT', `/sluice/connectors/${encodeURIComponent(name)}/apply`, { config });
  }

  async delete(name: string): Promise<void> {
    await this.change('DELETE', `/connectors/${encodeURIComponent(name)}`);
  }

  /** Stops a connector and waits until its tasks have ended. */
  async stop(name: string, timeoutMs = 60_000): Promise<void> {
    await this.change('PUT', `/connectors/${encodeURIComponent(name)}/stop`);
    const stopped = async () => {
      const status = await this.status(name);
      return status?.connector.state === 'STOPPED' && status.tasks.length === 0;
    };
    await until(stopped, { what: `connector ${name} to stop`, timeoutMs, everyMs: 50 });
  }

  /** Starts a stopped connector again and waits until it runs. */
  async resume(name: string): Promise<void> {
    await this.change('PUT', `/connectors/${encodeURIComponent(name)}/resume`);
    await this.running(name);
  }

  /** null: the connector has no status yet (the worker learns of it asynchronously). */
  async status(name: string): Promise<ConnectorStatus | null> {
    try {
      return await this.call<ConnectorStatus>('GET', `/connectors/${encodeURIComponent(name)}/status`);
    } catch (error) {
      if (error instanceof RestError && error.status === 404) return null;
      throw error;
    }
  }

  /** The topics it has written to. */
  async topics(name: string): Promise<string[]> {
    const answer = await this.call<Record<string, { topics: string[] }>>('GET', `/connectors/${encodeURIComponent(name)}/topics`);
    return (answer[name]?.topics ?? []).sort();
  }

  /** Throws what the connector or one of its tasks failed with. */
  async assertNotFailed(name: string): Promise<ConnectorStatus | null> {
    const status = await this.status(name);
    const failed = status && [status.connector, ...status.tasks].find(({ state }) => state === 'FAILED');
    if (failed) throw new Error(`Connector ${name} failed: ${failed.trace ?? '(no trace)'}`);
    return status;
  }

  /** Waits until the connector's first task runs. */
  async running(name: string, timeoutMs = 60_000): Promise<void> {
    await until(async () => (await this.assertNotFailed(name))?.tasks[0]?.state === 'RUNNING', {
      what: `connector ${name} to run`,
      timeoutMs,
      everyMs: 50,
    });
  }
}
