import { options } from '../../src/contract/index.ts';
import { readTargetUrl, type TargetAddress } from './target-url.ts';

const group = 'Connection';

/** How a sink of tables reaches its database: names of Debezium's JDBC sink. */
export const connectionOptions = {
  'connection.url': options.parsed(
    'PASSWORD',
    {
      doc: 'JDBC URL of the database: `jdbc:postgresql://host:5432/database` with sslmode, sslrootcert and currentSchema as parameters, or `jdbc:sqlite:/path/to/file.db`.',
      importance: 'HIGH',
      group,
      displayName: 'URL',
    },
    readTargetUrl,
  ),
  'connection.username': options.string({
    default: null,
    doc: 'User to log in as; it wins over the URL’s. Not used with SQLite.',
    importance: 'HIGH',
    group,
    displayName: 'User',
  }),
  'connection.password': options.password({
    default: null,
    doc: 'The user’s password.',
    importance: 'HIGH',
    group,
    displayName: 'Password',
  }),
  'unavailable.value.placeholder': options.string({
    default: '__debezium_unavailable_value',
    doc: 'What the source puts where the database did not send a column’s value: the column keeps what it holds.',
    importance: 'LOW',
    group: 'Records',
    displayName: 'Unavailable value placeholder',
  }),
};

/** The address with the user and password that have options of their own. */
export function withLogin(address: TargetAddress, user: string | null, password: string | null): TargetAddress {
  if (address.kind === 'sqlite') return address;
  return { ...address, user: user ?? address.user, password: password ?? address.password };
}
