import type { Principal } from './access/settings.ts';
import type { Answer } from './answer.ts';
import { plainError } from './answer.ts';
import type { Asker } from './forwarding.ts';

/** A request as handlers see it. */
export type RestRequest = {
  readonly method: string;
  /** Values of the path's variable parts, decoded. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: string;
  /** Another worker of the group has asked: the answer is this worker's alone. */
  readonly handedOn: boolean;
  /** As whom other workers are asked for it. */
  readonly asker: Asker;
  /** Who calls; null where that is open to all and nobody was asked. */
  readonly principal: Principal | null;
  /** A header's text, by its name in small letters; null where it was not sent. */
  header(name: string): string | null;
};

export type Handler = (request: RestRequest) => Answer | Promise<Answer>;

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** What a path answers. `whenReady`: only once connectors are loaded. */
export type Route = {
  /** `/connectors/{connector}/tasks/{task}`; `{task}` takes a number only. */
  readonly path: string;
  readonly whenReady: boolean;
  /**
   * Where several workers share the connectors: what changes something here is for the connector's owner (or, where it `makes` one or none is
   * named, for the group's leader), and with `reads` what only looks too. Without it, any worker answers.
   */
  readonly whose?: { readonly reads?: true; readonly makes?: true };
  /** Methods that are services' daily work: the audit log tells of their calls only where they were refused. */
  readonly everyday?: readonly Method[];
  readonly methods: Readonly<Partial<Record<Method, Handler>>>;
};

type Compiled = Route & { readonly expression: RegExp; readonly names: readonly string[] };

/** Finds the handler of a request; HEAD and OPTIONS follow from what a path has, as in Jersey. */
export class Router {
  readonly #routes: readonly Compiled[];

  constructor(routes: readonly Route[]) {
    this.#routes = routes.map(route => {
      const names: string[] = [];
      const pattern = route.path.replace(/\{(\w+)\}/g, (_, name: string) => {
        names.push(name);
        return name === 'task' ? '(\\d{1,9})' : '([^/]+)';
      });
      return { ...route, names, expression: new RegExp(`^${pattern.replace(/\/$/, '')}/?$`) };
    });
  }

  /** Throws 404, 405 (with Allow), or 400 for a path that is not well encoded. */
  find(method: string, path: string): { readonly route: Route; readonly handler: Handler; readonly parameters: Record<string, string> } {
    for (const route of this.#routes) {
      const match = route.expression.exec(path);
      if (match === null) continue;
      const allowed = [...('GET' in route.methods ? ['HEAD'] : []), ...Object.keys(route.methods), 'OPTIONS'];
      const allow = { allow: allowed.join(',') };
      if (method === 'OPTIONS')
        return {
          route: { ...route, whenReady: false },
          parameters: {},
          handler: () => ({ status: 200, headers: allow, body: allowed.join(', ') }),
        };
      const handler = route.methods[(method === 'HEAD' ? 'GET' : method) as 'GET'];
      if (handler === undefined) throw plainError(405, allow);
      try {
        const parameters = Object.fromEntries(route.names.map((name, index) => [name, decodeURIComponent(match[index + 1]!)]));
        return { route, handler, parameters };
      } catch {
        throw plainError(400);
      }
    }
    throw plainError(404);
  }
}
