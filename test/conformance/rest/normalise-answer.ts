import type { Comparison, Json, RestAnswer } from './exchange.ts';

/** Values that differ from worker to worker or run to run, by the name of their field. */
const volatile: Readonly<Record<string, string>> = {
  worker_id: '<worker>',
  kafka_cluster_id: '<cluster>',
  commit: '<commit>',
  trace: '<trace>',
  version: '<version>',
  last_modified: '<time>',
  'database.hostname': '<host>',
  'database.port': '<port>',
  'database.user': '<user>',
  'database.dbname': '<database>',
  // Connect shows it; here a mask stands in its place, and both must show something.
  'database.password': '<password>',
};

function withoutVolatile(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutVolatile);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      // The tasks of a connector just made or changed: their number at that moment is a race in Connect.
      .filter(([name]) => !(name === 'tasks' && 'config' in value))
      .map(([name, inner]) => [name, volatile[name] ?? withoutVolatile(inner)]),
  );
}

/** The types of the parts; of a list, those of its first item. Field names count. */
function shape(value: Json): Json {
  if (value === null) return 'null';
  if (Array.isArray(value)) return value.slice(0, 1).map(shape);
  if (typeof value !== 'object') return typeof value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, shape(inner)]));
}

function error(body: Json): { [name: string]: Json } {
  if (body === null || typeof body !== 'object' || Array.isArray(body)) return { body };
  const { error_code, message, ...others } = body;
  return { error_code: error_code ?? null, message: typeof message === 'string' && message !== '' ? '<message>' : 'no message', ...others };
}

/** What of an answer is compared. */
export function normaliseAnswer(answer: RestAnswer, compare: Comparison): Json {
  const { status, location } = answer;
  switch (compare) {
    case 'status':
      return { status };
    case 'error':
      return { status, body: error(answer.body) };
    case 'refused':
      return { refused: status >= 400 && status <= 500, body: { ...error(answer.body), error_code: '<as the status>' } };
    case 'shape':
      return { status, body: shape(withoutVolatile(answer.body)) };
    case 'exact':
      return { status, location, body: withoutVolatile(answer.body) };
  }
}
