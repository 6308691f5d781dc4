import type { MysqlSettings } from './settings.ts';

/** Whether a transaction's source passes `gtid.source.includes` and `.excludes`: a UUID, of MariaDB `domain-server`. */
export function qualifiesAsSource({ gtidSource }: Pick<MysqlSettings, 'gtidSource'>, gtid: string | null): boolean {
  if (gtidSource === null || gtid === null) return true;
  const uuid = gtid.split(':')[0]!;
  return gtidSource(gtid.includes(':') ? uuid : gtid.slice(0, gtid.lastIndexOf('-')));
}
