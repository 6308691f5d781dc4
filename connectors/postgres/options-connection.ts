import { type ConfigOf, type ConfigReport, options } from '../../src/contract/index.ts';
import { unsupportedOptions } from '../debezium/options/limited.ts';
import type { ConnectionSettings } from './connection.ts';

const group = 'Connection';
const tls = 'Connection TLS';

const nonValidatingFactory = 'org.postgresql.ssl.NonValidatingFactory';

function hostname(text: string): void {
  if (!/^[a-zA-Z0-9-_.:]+$/.test(text)) throw new Error('only the underscore, hyphen, dot, colon and alphanumeric characters are allowed');
}

/** SQL statements separated by semicolons; a doubled one stands for itself. */
function statements(text: string): readonly string[] {
  const parts = text.match(/(?:;;|[^;])+/g) ?? [];
  return parts.map(part => part.replaceAll(';;', ';').trim()).filter(part => part !== '');
}

/** How the database is reached. */
export const connectionOptions = {
  'database.hostname': options.string({
    doc: 'Host name or address of the server.',
    importance: 'HIGH',
    group,
    displayName: 'Hostname',
    validate: hostname,
  }),
  'database.port': options.int({
    default: '5432',
    min: 1,
    max: 65_535,
    doc: 'Port the server listens on.',
    importance: 'HIGH',
    group,
    displayName: 'Port',
  }),
  'database.user': options.string({
    doc: 'User to log in as. It needs the right to replicate, and to read the tables.',
    importance: 'HIGH',
    group,
    displayName: 'User',
  }),
  'database.password': options.password({ default: null, doc: 'The user’s password.', importance: 'HIGH', group, displayName: 'Password' }),
  'database.dbname': options.string({
    doc: 'The database whose changes are captured.',
    importance: 'HIGH',
    group,
    displayName: 'Database',
  }),
  'database.sslmode': options.choice(['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'], {
    default: 'prefer',
    doc: 'Whether the connection is encrypted and the server’s certificate verified, as libpq has it: prefer takes TLS where the server offers it, require insists on it, verify-ca and verify-full check the certificate.',
    importance: 'MEDIUM',
    group: tls,
    displayName: 'SSL mode',
  }),
  'database.sslcert': options.string({
    default: null,
    doc: 'File with the client’s certificate (PEM or DER).',
    importance: 'MEDIUM',
    group: tls,
    displayName: 'SSL Client Certificate',
  }),
  'database.sslkey': options.string({
    default: null,
    doc: 'File with the client’s private key (PEM, PKCS#8 in DER, or PKCS#12 with the certificate: .p12).',
    importance: 'MEDIUM',
    group: tls,
    displayName: 'SSL Client Key',
  }),
  'database.sslpassword': options.password({
    default: null,
    doc: 'Password of the private key’s file.',
    importance: 'MEDIUM',
    group: tls,
    displayName: 'SSL Client Key Password',
  }),
  'database.sslrootcert': options.string({
    default: null,
    doc: 'File with the certificates that the server’s is verified against (PEM or DER); without it, those this machine trusts.',
    importance: 'MEDIUM',
    group: tls,
    displayName: 'SSL Root Certificate',
  }),
  'database.sslfactory': options.parsed(
    'STRING',
    {
      default: null,
      doc: `${nonValidatingFactory}: the server’s certificate is not verified, whatever database.sslmode says. For development.`,
      importance: 'MEDIUM',
      group: tls,
      displayName: 'SSL socket factory',
    },
    text => {
      if (text.trim() !== nonValidatingFactory)
        throw new Error(`Java classes cannot be loaded; only ${nonValidatingFactory} has a counterpart`);
      return nonValidatingFactory;
    },
  ),
  'database.tcpKeepAlive': options.boolean({
    default: 'true',
    doc: 'TCP keep-alive probes on the connections.',
    importance: 'MEDIUM',
    group,
    displayName: 'TCP keep-alive probe',
  }),
  'database.initial.statements': options.parsed(
    'STRING',
    {
      default: '',
      doc: 'SQL run on each connection but the replication one, to set session parameters: statements separated by semicolons; a doubled one stands for itself.',
      importance: 'LOW',
      group,
      displayName: 'Initial statements',
    },
    statements,
  ),
  ...unsupportedOptions({
    'database.connection.factory.class':
      'Java classes cannot be loaded; give database.user and database.password, by a config provider if they change.',
  }),
};

export function readConnection(config: ConfigOf<typeof connectionOptions>, report: ConfigReport): ConnectionSettings {
  const mode = config['database.sslmode'];
  const unverified = config['database.sslfactory'] !== null && mode.startsWith('verify-');
  if (unverified)
    report.warning(
      'database.sslfactory',
      `database.sslfactory=${nonValidatingFactory} switches off what database.sslmode=${mode} asks for.`,
    );
  return {
    hostname: config['database.hostname'],
    port: config['database.port'],
    user: config['database.user'],
    password: config['database.password'],
    database: config['database.dbname'],
    sslMode: unverified ? 'require' : mode,
    sslRootCertificateFile: config['database.sslrootcert'],
    sslCertificateFile: config['database.sslcert'],
    sslKeyFile: config['database.sslkey'],
    sslKeyPassword: config['database.sslpassword'],
    tcpKeepAlive: config['database.tcpKeepAlive'],
    initialStatements: config['database.initial.statements'],
  };
}
