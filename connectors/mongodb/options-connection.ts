import { MongoClient, type MongoClientOptions } from 'mongodb';
import { type ConfigOf, type ConfigReport, options } from '../../src/contract/index.ts';
import { limited, unsupportedOptions } from '../debezium/options/limited.ts';
import type { ConnectionSettings } from './connection.ts';

const group = 'Connection';
const advanced = 'Connection advanced';

const stores = 'Java key stores cannot be read: put tlsCAFile and tlsCertificateKeyFile (PEM) into mongodb.connection.string.';
const ownAuthentication = 'io.debezium.connector.mongodb.connection.DefaultMongoDbAuthProvider';

/** What is wrong with a connection string, without any of it; null: nothing that shows before a connection is tried. */
function stringFault(text: string, settings: MongoClientOptions): string | null {
  if (!/^mongodb(\+srv)?:\/\/[^/?]+/.test(text)) return 'it must begin with mongodb:// or mongodb+srv:// and name a server';
  try {
    new MongoClient(text, settings);
    return null;
  } catch (error) {
    const { message } = error as Error;
    // Some of the driver's messages quote the string, with the password in it.
    return message.includes('://') || message.includes('@') ? 'it cannot be parsed' : message;
  }
}

/** `mongodb.*`: how to reach the server. What the connection string says wins. */
export const connectionOptions = {
  // A password may stand in it: it is masked wherever it is shown.
  'mongodb.connection.string': options.password({
    doc: 'The server, as MongoDB writes it: mongodb://host:27017/?replicaSet=rs0 or mongodb+srv://... Its parameters (tls, tlsCAFile, authMechanism, compressors ...) are the driver’s own.',
    importance: 'HIGH',
    group,
    displayName: 'Connection String',
  }),
  'mongodb.user': options.string({
    default: null,
    doc: 'The user to log in as, where the connection string names none.',
    importance: 'HIGH',
    group,
    displayName: 'User',
  }),
  'mongodb.password': options.password({
    default: null,
    doc: 'The user’s password.',
    importance: 'HIGH',
    group,
    displayName: 'Password',
  }),
  'mongodb.authsource': options.string({
    default: 'admin',
    doc: 'The database that knows the user.',
    importance: 'MEDIUM',
    group: advanced,
    displayName: 'Credentials Database',
  }),
  'mongodb.ssl.enabled': options.boolean({
    default: 'false',
    doc: 'Whether connections use TLS; tls=true in the connection string does the same.',
    importance: 'MEDIUM',
    group,
    displayName: 'Enable SSL connection to MongoDB',
  }),
  'mongodb.ssl.invalid.hostname.allowed': options.boolean({
    default: 'false',
    doc: 'Whether the name in the server’s certificate may be another.',
    importance: 'MEDIUM',
    group,
    displayName: 'Allow invalid hostnames for SSL connection',
  }),
  'mongodb.connect.timeout.ms': options.int({
    default: '10000',
    min: 0,
    doc: 'Milliseconds that connecting may take; 0: any time.',
    importance: 'MEDIUM',
    group: advanced,
    displayName: 'Connect Timeout MS',
  }),
  'mongodb.server.selection.timeout.ms': options.int({
    default: '30000',
    min: 1,
    doc: 'Milliseconds to wait for a server that can answer.',
    importance: 'MEDIUM',
    group: advanced,
    displayName: 'Server selection timeout MS',
  }),
  'mongodb.socket.timeout.ms': options.int({
    default: '0',
    min: 0,
    doc: 'Milliseconds of silence after which a connection counts as lost; 0: any time.',
    importance: 'MEDIUM',
    group: advanced,
    displayName: 'Socket timeout MS',
  }),
  'mongodb.heartbeat.frequency.ms': options.int({
    default: '10000',
    min: 500,
    doc: 'Milliseconds between looks at the servers’ state.',
    importance: 'MEDIUM',
    group: advanced,
    displayName: 'Heartbeat frequency ms',
  }),
  'mongodb.authentication.class': limited(
    [ownAuthentication],
    {},
    {
      default: ownAuthentication,
      doc: 'How to log in: by user and password, or as the connection string says (authMechanism).',
      group: advanced,
      displayName: 'Authentication Provider Custom Class',
    },
  ),
  'internal.mongodb.allow.offset.invalidation': limited(
    ['false'],
    { true: 'offsets of single shards are not taken over; take a new snapshot' },
    { default: 'false', doc: 'Whether offsets of single shards, from before Debezium 2.5, are given up.', group: advanced },
  ),
  ...unsupportedOptions({
    'mongodb.ssl.keystore': stores,
    'mongodb.ssl.keystore.password': stores,
    'mongodb.ssl.keystore.type': stores,
    'mongodb.ssl.truststore': stores,
    'mongodb.ssl.truststore.password': stores,
    'mongodb.ssl.truststore.type': stores,
    'mongodb.hosts': 'Use mongodb.connection.string.',
    'mongodb.name': 'Use topic.prefix.',
    'mongodb.connection.mode': 'A connector reads the deployment that mongodb.connection.string names.',
    'mongodb.connection.string.shard.params': 'A sharded cluster is read through its mongos.',
    'mongodb.poll.interval.ms': 'The driver follows the replica set by itself.',
    'mongodb.members.auto.discover': 'The driver finds the members; directConnection=true in the connection string keeps it from that.',
  }),
};

export function readConnection(config: ConfigOf<typeof connectionOptions>, report: ConfigReport): ConnectionSettings {
  const text = config['mongodb.connection.string'];
  const user = config['mongodb.user'];
  const named = /^mongodb(\+srv)?:\/\/[^/?]*@/.test(text);
  const result: MongoClientOptions = {
    appName: 'sluice',
    connectTimeoutMS: config['mongodb.connect.timeout.ms'],
    serverSelectionTimeoutMS: config['mongodb.server.selection.timeout.ms'],
    socketTimeoutMS: config['mongodb.socket.timeout.ms'],
    heartbeatFrequencyMS: config['mongodb.heartbeat.frequency.ms'],
    ...(user !== null && !named ? { auth: { username: user, password: config['mongodb.password'] ?? '' } } : {}),
    ...(user !== null && !named && !/[?&]authSource=/i.test(text) ? { authSource: config['mongodb.authsource'] } : {}),
    ...(config['mongodb.ssl.enabled'] ? { tls: true } : {}),
    ...(config['mongodb.ssl.invalid.hostname.allowed'] ? { tlsAllowInvalidHostnames: true } : {}),
  };
  const fault = stringFault(text, result);
  if (fault !== null)
    report.fault('mongodb.connection.string', `Invalid value [hidden] for configuration mongodb.connection.string: ${fault}`);
  return { connectionString: text, options: result };
}
