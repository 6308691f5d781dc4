import { type EventLog, matchesWhole, nearest, SluiceError, type TopicDescription } from '../../contract/index.ts';

/** The topics that a sink consumes, as far as they are there. */
export async function consumedTopics(log: EventLog, topics: readonly string[] | RegExp): Promise<readonly TopicDescription[]> {
  if (!(topics instanceof RegExp)) return log.describeTopics(topics);
  const takes = matchesWhole(topics);
  return (await log.describeTopics()).filter(({ topic }) => takes(topic));
}

/**
 * Those of the sink's topics that are meant: by their names, or by their ends (`orders`, `public.orders`). Throws SluiceError BAD_REQUEST for one
 * that the sink does not consume, and for an end that several topics have.
 */
export function chosenTopics(
  sink: string,
  tables: readonly string[] | null,
  consumed: readonly TopicDescription[],
): readonly TopicDescription[] {
  if (tables === null) return consumed;
  const names = consumed.map(({ topic }) => topic);
  const chosen = new Set(tables.map(table => topicOf(sink, table, names)));
  return consumed.filter(({ topic }) => chosen.has(topic));
}

function topicOf(sink: string, table: string, names: readonly string[]): string {
  if (names.includes(table)) return table;
  const ending = names.filter(name => name.endsWith(`.${table}`));
  if (ending.length === 1) return ending[0]!;
  if (ending.length > 1)
    throw new SluiceError('BAD_REQUEST', `'${table}' may be ${ending.slice(0, 5).join(' or ')}: give the topic's whole name.`);
  const near = nearest(table, [...names, ...names.map(name => name.slice(name.lastIndexOf('.') + 1))]);
  throw new SluiceError('BAD_REQUEST', `The sink ${sink} consumes no topic or table '${table}'${near ? `; did you mean '${near}'?` : '.'}`);
}
