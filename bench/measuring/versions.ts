import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { debeziumVersion } from '../../test/services/connect.ts';
import { kafkaVersion } from '../../test/services/kafka.ts';

const root = join(import.meta.dirname, '..', '..');

/** The commit that is measured; whether files of the program differ from it. */
export function checkedOut(): string {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
  const changed = git('status', '--porcelain', '--', 'src', 'connectors', 'transforms') !== '';
  return `${git('rev-parse', '--short=12', 'HEAD')}${changed ? ' with changes' : ''}`;
}

/** Of everything that has a part in the figures. */
export function versions(database: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const java = spawnSync('java', ['-version'], { encoding: 'utf8' });
  return {
    Node: process.versions.node,
    SQLite: process.versions['sqlite'] ?? 'unknown',
    ...database,
    Kafka: kafkaVersion,
    Debezium: debeziumVersion,
    Java: /version "([^"]+)"/.exec(java.stderr ?? '')?.[1] ?? 'not there',
  };
}
