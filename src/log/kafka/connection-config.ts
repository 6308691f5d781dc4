import { isIP } from 'node:net';
import type { ConnectionOptions as TlsOptions } from 'node:tls';
import { configSpec, options } from '../../contract/index.ts';
import { parseJaas } from './jaas.ts';
import { tlsConnectionOptions, tlsOptions } from './tls.ts';

/** How brokers are reached and how this client shows who it is: what every Kafka client of the worker has in common. */
export type KafkaConnection = {
  /** `host:port`. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly tls: TlsOptions | null;
  /** Whether the broker's host name goes out with the TLS greeting (managed clusters route by it; IP addresses may not). */
  readonly tlsServerName: boolean;
  readonly sasl: SaslCredentials | null;
  readonly connectTimeoutMs: number;
  /** How long one request may go unanswered. */
  readonly requestTimeoutMs: number;
  readonly retryBackoffMs: number;
  readonly retryBackoffMsMax: number;
  readonly metadataAgeMsMax: number;
};

export type SaslCredentials = {
  readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';
  readonly username: string;
  /** A function, so that no dump of a config shows it. */
  readonly password: () => string;
};

const group = 'Connection';
const loginModules: Readonly<Record<string, readonly string[]>> = {
  'org.apache.kafka.common.security.plain.PlainLoginModule': ['PLAIN'],
  'org.apache.kafka.common.security.scram.ScramLoginModule': ['SCRAM-SHA-256', 'SCRAM-SHA-512'],
};
const mechanisms = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const;

/** `host:port`; IPv6 addresses in brackets. */
function checkBrokers(brokers: readonly string[], fault: (option: string, message: string) => void): readonly string[] {
  if (brokers.length === 0) fault('bootstrap.servers', 'At least one host:port is needed.');
  for (const broker of brokers)
    if (!/^(\[[0-9a-fA-F:.]+\]|[^\s:[\]]+):\d{1,5}$/.test(broker)) fault('bootstrap.servers', `'${broker}' is not of the form host:port.`);
  return brokers;
}

const connectionOptions = {
  'bootstrap.servers': options.list({ group, importance: 'HIGH', doc: 'Brokers to ask first, as host:port, comma separated.' }),
  'client.id': options.string({ default: 'sluice', group, doc: 'Name of this client in the brokers’ logs and quotas.' }),
  'security.protocol': options.choice(['plaintext', 'ssl', 'sasl_plaintext', 'sasl_ssl'], {
    default: 'PLAINTEXT',
    group: 'Security',
    doc: 'Whether connections are encrypted (SSL) and authenticated (SASL).',
  }),
  'sasl.mechanism': options.parsed('STRING', { default: null, group: 'Security', doc: 'PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512.' }, text => {
    const known = mechanisms.find(mechanism => mechanism === text.trim());
    if (known === undefined) throw new Error(`Supported mechanisms: ${mechanisms.join(', ')}`);
    return known;
  }),
  'sasl.jaas.config': options.password({ default: null, group: 'Security', doc: 'Login module with username and password, in JAAS form.' }),
  'request.timeout.ms': options.int({ default: '30000', min: 1, group, doc: 'How long a request may go unanswered.' }),
  'socket.connection.setup.timeout.ms': options.int({ default: '10000', min: 1, group, doc: 'How long a connection may take to open.' }),
  'retry.backoff.ms': options.int({ default: '100', min: 1, group, doc: 'First pause before a request is repeated; it doubles.' }),
  'retry.backoff.max.ms': options.int({ default: '1000', min: 1, group, doc: 'Longest pause before a request is repeated.' }),
  'metadata.max.age.ms': options.int({ default: '300000', min: 1, group, doc: 'How long partition counts are trusted.' }),
  ...tlsOptions,
};

/** Kafka's client options that concern the connection, whatever the prefix under which they were given (`producer.`, `admin.` ...). */
export const connectionSpec = configSpec({
  options: connectionOptions,
  refine(config, raw, report): KafkaConnection {
    for (const name of Object.keys(raw))
      if (/^sasl\.(login|client|kerberos|oauthbearer)\./.test(name))
        report.fault(name, `The option '${name}' is not supported: only PLAIN and SCRAM are.`);
    const brokers = checkBrokers(config['bootstrap.servers'], report.fault);
    const protocol = config['security.protocol'];
    const encrypted = protocol === 'ssl' || protocol === 'sasl_ssl';
    return {
      brokers,
      clientId: config['client.id'],
      tls: encrypted ? tlsConnectionOptions(config, report.fault) : null,
      tlsServerName: encrypted && brokers.every(broker => isIP(broker.replace(/:\d+$/, '').replace(/^\[|\]$/g, '')) === 0),
      sasl: protocol.startsWith('sasl') ? credentials(config['sasl.mechanism'], config['sasl.jaas.config'], report.fault) : null,
      connectTimeoutMs: config['socket.connection.setup.timeout.ms'],
      requestTimeoutMs: config['request.timeout.ms'],
      retryBackoffMs: config['retry.backoff.ms'],
      retryBackoffMsMax: config['retry.backoff.max.ms'],
      metadataAgeMsMax: config['metadata.max.age.ms'],
    };
  },
});

/** Whether an option belongs to the connection: then it may be given per client too. */
export function isConnectionOption(name: string): boolean {
  return name in connectionOptions || name.startsWith('sasl.') || name.startsWith('ssl.');
}

function credentials(
  mechanism: SaslCredentials['mechanism'] | null,
  jaas: string | null,
  fault: (option: string, message: string) => void,
): SaslCredentials | null {
  if (mechanism === null) fault('sasl.mechanism', 'Needed with SASL (Kafka’s default, GSSAPI, is not supported).');
  if (jaas === null) fault('sasl.jaas.config', 'Needed with SASL.');
  if (mechanism === null || jaas === null) return null;
  try {
    const { loginModule, options: given } = parseJaas(jaas);
    const serves = loginModules[loginModule];
    if (serves === undefined)
      throw new Error(`Login module ${loginModule} is not supported; use ${Object.keys(loginModules).join(' or ')}`);
    if (!serves.includes(mechanism)) throw new Error(`Login module ${loginModule} does not serve ${mechanism}`);
    const { username, password } = given;
    if (username === undefined || password === undefined) throw new Error('username and password are needed');
    return { mechanism, username, password: () => password };
  } catch (error) {
    fault('sasl.jaas.config', (error as Error).message);
    return null;
  }
}
