import type { SourceOffset } from './event-log.ts';

/**
 * Whether an offset is that of a source's stream: its partition names the server and nothing else. What is stored beside it (a snapshot's progress,
 * the tables that are known) has partitions with a name more, and tells of no position.
 */
export function isStreamOffset({ partition }: SourceOffset): boolean {
  return Object.keys(partition).length === 1;
}
