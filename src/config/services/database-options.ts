import { options } from '../../contract/index.ts';

/** What a service says of the database that it is kept in. */
type DatabaseTexts = {
  /** What the user needs the database for: "reads and writes the events". */
  readonly user: string;
  readonly schema: string;
  readonly schemaDefault: string;
};

const group = 'PostgreSQL';

function identifier(text: string): void {
  if (!/^[a-zA-Z_][a-zA-Z0-9_]{0,62}$/.test(text))
    throw new Error('it has letters, digits and underscores, at most 63, and begins with no digit');
}

/** How a service reaches its database in PostgreSQL (`store: postgres`): the same names in every service. */
export function databaseOptions({ user, schema, schemaDefault }: DatabaseTexts) {
  return {
    'database.hostname': options.string({ default: 'localhost', group, doc: 'Host of the server.' }),
    'database.port': options.int({ default: '5432', min: 1, max: 65_535, group, doc: 'Its port.' }),
    'database.user': options.string({
      default: null,
      group,
      importance: 'HIGH',
      doc: `User that ${user}, and replicates them: it needs LOGIN and REPLICATION, and to own the schema. Required with store=postgres.`,
    }),
    'database.password': options.password({
      default: null,
      group,
      importance: 'HIGH',
      doc: `The user’s password; \`\${file:/path:key}\` or \`\${env:NAME}\` keeps it out of the file.`,
    }),
    'database.dbname': options.string({
      default: null,
      group,
      importance: 'HIGH',
      doc: 'The database. Required with store=postgres.',
    }),
    'database.schema': options.string({ default: schemaDefault, group, doc: schema, validate: identifier }),
    'database.sslmode': options.choice(['disable', 'require', 'verify-ca', 'verify-full'], {
      default: 'disable',
      group,
      doc: 'disable: no TLS; require: TLS, whoever answers; verify-ca: its certificate must be of an authority that is trusted; verify-full: and name the host.',
    }),
    'database.sslrootcert': options.string({
      default: null,
      group,
      doc: 'File of the authorities whose certificates are trusted, PEM.',
    }),
  };
}

/** Names of these options that have no default, and must have a value where the store is PostgreSQL. */
export const databaseRequired = ['database.user', 'database.dbname'] as const;
