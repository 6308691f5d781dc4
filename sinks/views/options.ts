import { configSpec, options } from '../../src/contract/index.ts';
import { connectionOptions, withLogin } from '../sql/connection-options.ts';
import { markerOptions, retentionOf } from '../sql/marker-retention.ts';
import type { TargetAddress } from '../sql/target-url.ts';

export type ViewsConfig = {
  readonly address: TargetAddress;
  /** A path of a YAML file, or the text itself. */
  readonly views: string;
  /** Null: named after the connector. */
  readonly rowsSchema: string | null;
  readonly viewSchema: string;
  readonly unavailable: string;
  /** How long the versions of deleted rows are kept; null: for good. */
  readonly markerRetentionMs: number | null;
};

const group = 'Views';

function schemaName(text: string): void {
  if (!/^[a-z_][a-z0-9_$]{0,62}$/.test(text)) throw new Error('it must be of small letters, digits and underscores');
}

export const viewsSpec = configSpec({
  doc: 'Keeps materialized views in Postgres, or in a SQLite file, equal to their selects over the topics’ rows: for each batch, the keys that changed rows lead to are computed anew, in one transaction with the offsets.',
  options: {
    ...connectionOptions,
    ...markerOptions,
    views: options.string({
      doc: 'The views: the path of a YAML file, or its text. It names the tables kept of topics, and each view’s key, how the tables lead to it, and its select.',
      importance: 'HIGH',
      group,
      displayName: 'Views',
    }),
    'rows.schema': options.string({
      default: null,
      doc: 'Schema of the connector’s own tables in Postgres: base rows and offsets. By default `sluice_` and the connector’s name. Each connector needs one of its own.',
      importance: 'LOW',
      group,
      displayName: 'Schema of base rows',
      validate: schemaName,
    }),
    'view.schema': options.string({
      default: 'public',
      doc: 'Schema where the views’ tables are made in Postgres.',
      importance: 'MEDIUM',
      group,
      displayName: 'Schema of views',
      validate: schemaName,
    }),
  },
  refine(config, raw, report): ViewsConfig {
    const address = withLogin(config['connection.url'], config['connection.username'], config['connection.password']);
    if (address.kind === 'sqlite')
      for (const name of ['rows.schema', 'view.schema', 'connection.username'])
        if (raw[name] !== undefined) report.fault(name, `The option '${name}' has no meaning with SQLite.`);
    return {
      address,
      views: config.views,
      rowsSchema: config['rows.schema'],
      viewSchema: config['view.schema'],
      unavailable: config['unavailable.value.placeholder'],
      markerRetentionMs: retentionOf(config),
    };
  },
});
