import { type ConfigOf, type ConfigReport, options } from '../../src/contract/index.ts';

const group = 'Connection';
const tls = 'Connection TLS';

/** A server's place, as `host:port`. */
export type Address = { readonly host: string; readonly port: number };

/** Reads `host`, `host:port` or `[v6]:port`. Throws an Error whose message says what is wrong. */
export function parseAddress(text: string, defaultPort: number): Address {
  const parts = /^(?:\[([^\]]+)\]|([^:\s]+))(?::(\d{1,5}))?$/.exec(text.trim());
  const port = parts?.[3] === undefined ? defaultPort : Number(parts[3]);
  const host = parts?.[1] ?? parts?.[2];
  if (host === undefined || port < 1 || port > 65_535) throw new Error(`'${text}' is not of the form host:port`);
  return { host, port };
}

/** What `redis://` and `rediss://` say beside the options: place, database, and whether it is TLS. */
type UriParts = Address & { readonly database: number; readonly tls: boolean; readonly credentials: boolean };

function parseUri(text: string): UriParts {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new Error('not a URI such as redis://host:6379/0');
  }
  if (url.protocol !== 'redis:' && url.protocol !== 'rediss:') throw new Error('its scheme must be redis or rediss (TLS)');
  const database = url.pathname.replace(/^\//, '') || '0';
  if (!/^\d+$/.test(database)) throw new Error('behind the slash stands the number of a database');
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? 6379 : Number(url.port),
    database: Number(database),
    tls: url.protocol === 'rediss:',
    credentials: url.username !== '' || url.password !== '',
  };
}

/** How the server is reached. Where Redis' own sink connector has an option for it, the name is that one's. */
export const connectionOptions = {
  'redis.uri': options.parsed(
    'STRING',
    {
      default: null,
      doc: 'The server as a URI, redis://host:port/database, or rediss:// for TLS; in place of redis.host, redis.port, redis.database and redis.tls.',
      importance: 'HIGH',
      group,
      displayName: 'URI',
    },
    parseUri,
  ),
  'redis.host': options.string({ default: 'localhost', doc: 'Host name or address.', importance: 'HIGH', group, displayName: 'Host' }),
  'redis.port': options.int({ default: '6379', min: 1, max: 65_535, doc: 'Port.', importance: 'HIGH', group, displayName: 'Port' }),
  'redis.database': options.int({
    default: '0',
    min: 0,
    doc: 'Number of the database; a cluster has only 0.',
    group,
    displayName: 'Database',
  }),
  'redis.username': options.string({ default: null, doc: 'ACL user; left out: the default user.', group, displayName: 'User' }),
  'redis.password': options.password({ default: null, doc: 'The user’s password.', group, displayName: 'Password' }),
  'redis.cluster.enabled': options.boolean({
    default: 'false',
    doc: 'Whether the server is a node of a Redis Cluster.',
    group,
    displayName: 'Cluster',
  }),
  'redis.nodes': options.parsed(
    'LIST',
    {
      default: '',
      doc: 'host:port of several nodes of the cluster, or of the sentinels, any of which tells of the others; in place of redis.uri and redis.host.',
      group,
      displayName: 'Nodes',
    },
    text =>
      text
        .split(',')
        .filter(part => part.trim() !== '')
        .map(part => parseAddress(part, 6379)),
  ),
  'redis.sentinel.master': options.string({
    default: null,
    doc: 'Name under which the sentinels (redis.nodes) watch the master; set, the master is asked of them at each connect.',
    group,
    displayName: 'Sentinel master',
  }),
  'redis.sentinel.username': options.string({
    default: null,
    doc: 'User at the sentinels.',
    importance: 'LOW',
    group,
    displayName: 'Sentinel user',
  }),
  'redis.sentinel.password': options.password({
    default: null,
    doc: 'Password at the sentinels.',
    importance: 'LOW',
    group,
    displayName: 'Sentinel password',
  }),
  'redis.sentinel.tls': options.boolean({
    default: 'false',
    doc: 'Whether the sentinels speak TLS, with the same certificates.',
    importance: 'LOW',
    group,
    displayName: 'Sentinel TLS',
  }),
  'redis.tls': options.boolean({ default: 'false', doc: 'Whether the connection is TLS.', group: tls, displayName: 'TLS' }),
  'redis.insecure': options.boolean({
    default: 'false',
    doc: 'Takes any certificate of the server: encrypted, but anybody could be at the other end.',
    importance: 'LOW',
    group: tls,
    displayName: 'Insecure',
  }),
  'redis.cacert': options.string({
    default: null,
    doc: 'File (PEM) with the certificates of the authorities to trust; left out: the system’s.',
    group: tls,
    displayName: 'CA certificate',
  }),
  'redis.key.cert': options.string({
    default: null,
    doc: 'File (PEM) with the client’s certificate.',
    group: tls,
    displayName: 'Certificate',
  }),
  'redis.key.file': options.string({ default: null, doc: 'File (PEM) with the client’s private key.', group: tls, displayName: 'Key' }),
  'redis.key.password': options.password({
    default: null,
    doc: 'Password of the private key.',
    importance: 'LOW',
    group: tls,
    displayName: 'Key password',
  }),
  'redis.connect.timeout.ms': options.int({
    default: '10000',
    min: 1,
    doc: 'Most milliseconds a connect may take.',
    importance: 'LOW',
    group,
    displayName: 'Connect timeout',
  }),
  'redis.timeout.ms': options.int({
    default: '30000',
    min: 1,
    doc: 'Most milliseconds to wait for an answer before the connection counts as lost and the batch is sent again.',
    importance: 'LOW',
    group,
    displayName: 'Timeout',
  }),
};

/** How the server is reached, resolved. */
export type ConnectionSettings = {
  /** The server, the nodes of a cluster to begin with, or the sentinels. At least one. */
  readonly nodes: readonly Address[];
  readonly topology: 'single' | 'cluster' | 'sentinel';
  readonly sentinel: {
    readonly master: string;
    readonly username: string | null;
    readonly password: string | null;
    readonly tls: boolean;
  } | null;
  readonly database: number;
  readonly username: string | null;
  readonly password: string | null;
  /** Whether the server (not the sentinels) speaks TLS. */
  readonly serverTls: boolean;
  /** Null: no TLS anywhere. Files in PEM. */
  readonly tls: {
    readonly verify: boolean;
    readonly authorityFile: string | null;
    readonly certificateFile: string | null;
    readonly keyFile: string | null;
    readonly keyPassword: string | null;
  } | null;
  readonly connectTimeoutMs: number;
  readonly answerTimeoutMs: number;
};

/** Resolves the options of the connection, and tells of those that do not go together. */
export function connectionSettings(config: ConfigOf<typeof connectionOptions>, report: ConfigReport): ConnectionSettings {
  const uri = config['redis.uri'];
  const cluster = config['redis.cluster.enabled'];
  const master = config['redis.sentinel.master'];
  const given = config['redis.nodes'];
  const database = uri?.database ?? config['redis.database'];
  const tlsWanted = uri?.tls || config['redis.tls'];
  if (uri?.credentials)
    report.fault('redis.uri', 'User and password belong in redis.username and redis.password, where they are kept secret.');
  if (cluster && master !== null)
    report.fault('redis.sentinel.master', 'A cluster has no sentinels: leave out this or redis.cluster.enabled.');
  if (cluster && database !== 0) report.fault('redis.database', 'A cluster has only database 0.');
  if (given.length > 0 && !cluster && master === null)
    report.fault('redis.nodes', 'Several nodes belong to a cluster (redis.cluster.enabled) or to sentinels (redis.sentinel.master).');
  if (given.length === 0 && master !== null) report.fault('redis.nodes', 'The sentinels must be named here, as host:port.');
  if ((config['redis.key.cert'] === null) !== (config['redis.key.file'] === null))
    report.fault('redis.key.file', 'A client’s certificate needs both redis.key.cert and redis.key.file.');
  const files = ['redis.cacert', 'redis.key.cert', 'redis.key.file'] as const;
  if (!tlsWanted && !config['redis.sentinel.tls'])
    for (const name of files)
      if (config[name] !== null) report.fault(name, 'Only TLS has certificates: set redis.tls=true, or a rediss:// URI.');
  const server = { host: uri?.host ?? config['redis.host'], port: uri?.port ?? config['redis.port'] };
  const certificates = {
    verify: !config['redis.insecure'],
    authorityFile: config['redis.cacert'],
    certificateFile: config['redis.key.cert'],
    keyFile: config['redis.key.file'],
    keyPassword: config['redis.key.password'],
  };
  return {
    nodes: given.length > 0 ? given : [server],
    topology: cluster ? 'cluster' : master !== null ? 'sentinel' : 'single',
    sentinel:
      master === null
        ? null
        : {
            master,
            username: config['redis.sentinel.username'],
            password: config['redis.sentinel.password'],
            tls: config['redis.sentinel.tls'],
          },
    database,
    username: config['redis.username'],
    password: config['redis.password'],
    serverTls: tlsWanted,
    tls: tlsWanted || config['redis.sentinel.tls'] ? certificates : null,
    connectTimeoutMs: config['redis.connect.timeout.ms'],
    answerTimeoutMs: config['redis.timeout.ms'],
  };
}
