import { readFile } from 'node:fs/promises';
import { type ConfigOf, type ConfigReport, options, type RawConfig, SluiceError } from '../../src/contract/index.ts';
import { unsupportedOptions } from '../debezium/options/limited.ts';
import type { ConnectionSettings, TlsSettings } from './connection.ts';

const group = 'Connection';
const tls = 'Connection TLS';
const asPem =
  'A file of PEM. Java’s key stores cannot be read: convert one with keytool -importkeystore -deststoretype PKCS12 and openssl pkcs12';

function hostname(text: string): void {
  if (!/^[a-zA-Z0-9-_.:]+$/.test(text)) throw new Error('only the underscore, hyphen, dot, colon and alphanumeric characters are allowed');
}

/** SQL statements separated by semicolons; a doubled one stands for itself. */
function statements(text: string): readonly string[] {
  const parts = text.match(/(?:;;|[^;])+/g) ?? [];
  return parts.map(part => part.replaceAll(';;', ';').trim()).filter(part => part !== '');
}

const serverIdMax = 2 ** 32 - 1;

/** How the server is reached; `database.ssl.mode` has other words for MySQL and for MariaDB. */
export const connectionOptions = {
  'database.hostname': options.string({
    doc: 'Host name or address of the server.',
    importance: 'HIGH',
    group,
    displayName: 'Hostname',
    validate: hostname,
  }),
  'database.port': options.int({
    default: '3306',
    min: 1,
    max: 65_535,
    doc: 'Port the server listens on.',
    importance: 'HIGH',
    group,
    displayName: 'Port',
  }),
  'database.user': options.string({
    doc: 'User to log in as. It needs REPLICATION SLAVE, REPLICATION CLIENT and SELECT, and for a snapshot RELOAD or LOCK TABLES.',
    importance: 'HIGH',
    group,
    displayName: 'User',
  }),
  'database.password': options.password({ default: null, doc: 'The user’s password.', importance: 'HIGH', group, displayName: 'Password' }),
  'database.server.id': options.long({
    min: 1,
    max: serverIdMax,
    doc: 'The number under which the binlog is read, as a replica has one: no other replica of this server may have it.',
    importance: 'HIGH',
    group,
    displayName: 'Cluster ID',
  }),
  'connect.timeout.ms': options.int({
    default: '30000',
    min: 1,
    doc: 'Milliseconds that a login may take.',
    importance: 'MEDIUM',
    group,
    displayName: 'Connection Timeout (ms)',
  }),
  'connect.keep.alive': options.boolean({
    default: 'true',
    doc: 'TCP keep-alive probes on the connections. Whether the server is there is watched by its heartbeats in any case.',
    importance: 'LOW',
    group,
    displayName: 'Keep connection alive (true/false)',
  }),
  'connect.keep.alive.interval.ms': options.long({
    default: '60000',
    min: 100,
    doc: 'The server sends a heartbeat after four fifths of so many milliseconds without a change; when three in a row are missing the connection counts as lost.',
    importance: 'LOW',
    group,
    displayName: 'Keep alive interval (ms)',
  }),
  'database.initial.statements': options.parsed(
    'STRING',
    {
      default: '',
      doc: 'SQL run on each connection but the one that reads the binlog, to set session parameters: statements separated by semicolons; a doubled one stands for itself.',
      importance: 'LOW',
      group,
      displayName: 'Initial statements',
    },
    statements,
  ),
  'database.ssl.keystore': options.string({
    default: null,
    doc: `The client’s certificate and private key. ${asPem}.`,
    importance: 'MEDIUM',
    group: tls,
    displayName: 'SSL Keystore',
  }),
  'database.ssl.keystore.password': options.password({
    default: null,
    doc: 'Password of the private key.',
    importance: 'MEDIUM',
    group: tls,
    displayName: 'SSL Keystore Password',
  }),
  'database.ssl.truststore': options.string({
    default: null,
    doc: `The certificates that the server’s is verified against; without it, those this machine trusts. ${asPem}.`,
    importance: 'MEDIUM',
    group: tls,
    displayName: 'SSL Truststore',
  }),
  ...unsupportedOptions({
    'database.ssl.truststore.password': 'Certificates in PEM have no password.',
    'database.jdbc.driver': 'There is no JDBC driver.',
    'database.protocol': 'There is no JDBC driver.',
    'database.connection.factory.class':
      'Java classes cannot be loaded; give database.user and database.password, by a config provider if they change.',
  }),
};

/** Options about a client of Debezium’s that works in another way, with what is the case here. */
export const withoutEffect: Readonly<Record<string, string>> = {
  'database.server.id.offset': 'the readers of a snapshot are ordinary connections, which need no server id',
  'use.nongraceful.disconnect': 'a connection that has fallen silent is closed without waiting',
  'binlog.net.write.timeout': 'the server is told to wait an hour for a slow reader',
  'binlog.net.read.timeout': 'three missing heartbeats end the connection (connect.keep.alive.interval.ms)',
  'min.row.count.to.stream.results': 'the rows of every table are streamed',
};

/** They are known, with a warning that they are of no use. */
export const optionsWithoutEffect = Object.fromEntries(
  Object.entries(withoutEffect).map(([name, reason]) => [
    name,
    options.string({
      default: null,
      doc: `Accepted with a warning, and without effect: ${reason}.`,
      importance: 'LOW',
      group: 'Without effect',
    }),
  ]),
);

/** For a spec's `check`. */
export function checkConnection(raw: RawConfig, report: ConfigReport): void {
  for (const [name, reason] of Object.entries(withoutEffect))
    if (raw[name] !== undefined) report.warning(name, `The option '${name}' has no effect: ${reason}.`);
}

/** How the forms of a Java key store begin: JKS, JCEKS, and PKCS #12's sequence. */
const javaStores = [
  ['\u00fe\u00ed\u00fe\u00ed', 'a Java key store (JKS)'],
  ['\u00ce\u00ce\u00ce\u00ce', 'a Java key store (JCEKS)'],
  ['\u0030\u0082', 'a key store (PKCS #12)'],
] as const;

async function pem(option: string, path: string | null): Promise<string | null> {
  if (path === null) return null;
  const text = await readFile(path, 'latin1').catch(cause => {
    throw new SluiceError('CONFIG_INVALID', `${option}: the file ${path} cannot be read.`, { cause });
  });
  if (text.includes('-----BEGIN ')) return text;
  const kind = javaStores.find(([begin]) => text.startsWith(begin))?.[1];
  throw new SluiceError('CONFIG_INVALID', `${option}: the file ${path} is ${kind === undefined ? 'not PEM' : `${kind}, not PEM`}.`, {
    remedy: `Name a file of PEM. A Java key store becomes one with: keytool -importkeystore -srckeystore ${path} -destkeystore store.p12 -deststoretype PKCS12; openssl pkcs12 -in store.p12 -out store.pem`,
  });
}

/** Opens the files of TLS, so anew at each start. Throws SluiceError CONFIG_INVALID where one cannot be used. */
export function readConnection(config: ConfigOf<typeof connectionOptions>, mode: TlsSettings['mode']): () => Promise<ConnectionSettings> {
  return async () => {
    const [identity, ca] = await Promise.all([
      pem('database.ssl.keystore', config['database.ssl.keystore']),
      pem('database.ssl.truststore', config['database.ssl.truststore']),
    ]);
    return {
      hostname: config['database.hostname'],
      port: config['database.port'],
      user: config['database.user'],
      password: config['database.password'],
      tls: { mode, ca, cert: identity, key: identity, passphrase: config['database.ssl.keystore.password'] },
      connectTimeoutMs: config['connect.timeout.ms'],
      tcpKeepAlive: config['connect.keep.alive'],
      initialStatements: config['database.initial.statements'],
    };
  };
}
