/** Longest name of a topic on Kafka. */
const lengthMax = 249;

/**
 * The topic of an event's type, in kebab case: `OrderCreated` -> `order-created`, `HTTPRequestSeen` -> `http-request-seen`, `$stream-deleted` ->
 * `stream-deleted`. What a topic's name cannot hold becomes a hyphen; null where nothing is left.
 */
export function topicOfType(type: string): string | null {
  const kebab = type
    .replace(/([\p{Ll}\d])(\p{Lu})/gu, '$1-$2')
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1-$2')
    .toLowerCase()
    .replace(/[^a-z0-9.]+/g, '-')
    .slice(0, lengthMax)
    .replace(/^[-.]+|[-.]+$/g, '');
  return kebab === '' ? null : kebab;
}
