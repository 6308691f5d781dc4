import { readFileSync } from 'node:fs';
import type { ConnectionOptions, SecureVersion } from 'node:tls';
import { options } from '../../contract/index.ts';

const group = 'Security';
const notInNode = 'it configures the Java TLS stack; remove it.';

/** Kafka's `ssl.*` options. PEM stores and PKCS12 key stores can be read; Java's own formats are refused with the way to convert them. */
export const tlsOptions = {
  'ssl.truststore.type': options.string({ default: 'JKS', group, doc: 'Format of the trust store. Only PEM is supported.' }),
  'ssl.truststore.location': options.string({ default: null, group, doc: 'File with the certificates to trust.' }),
  'ssl.truststore.certificates': options.password({ default: null, group, doc: 'The certificates to trust themselves, as PEM.' }),
  'ssl.truststore.password': options.password({ default: null, group, doc: 'Password of the trust store; PEM trust stores have none.' }),
  'ssl.keystore.type': options.string({ default: 'JKS', group, doc: 'Format of the key store: PEM or PKCS12.' }),
  'ssl.keystore.location': options.string({ default: null, group, doc: 'File with the private key and its certificate chain.' }),
  'ssl.keystore.key': options.password({ default: null, group, doc: 'The private key itself, as PEM.' }),
  'ssl.keystore.certificate.chain': options.password({ default: null, group, doc: 'The certificate chain itself, as PEM.' }),
  'ssl.keystore.password': options.password({ default: null, group, doc: 'Password of a PKCS12 key store.' }),
  'ssl.key.password': options.password({ default: null, group, doc: 'Password of the private key.' }),
  'ssl.endpoint.identification.algorithm': options.choice(['https', ''], {
    default: 'https',
    group,
    doc: 'https: the broker’s certificate must name its host; empty: it need not.',
  }),
  'ssl.enabled.protocols': options.list({ default: 'TLSv1.2,TLSv1.3', group, doc: 'TLS versions that may be used.' }),
  'ssl.protocol': options.choice(['tlsv1.3', 'tlsv1.2', 'tls'], { default: 'TLSv1.3', group, doc: 'The highest TLS version used.' }),
  'ssl.cipher.suites': options.list({
    default: null,
    group,
    doc: 'Cipher suites.',
    unsupported: 'its names are Java’s; Node’s default suites are used.',
  }),
  'ssl.provider': options.string({ default: null, group, doc: 'Security provider.', unsupported: notInNode }),
  'ssl.keymanager.algorithm': options.string({ default: null, group, doc: 'Key manager.', unsupported: notInNode }),
  'ssl.trustmanager.algorithm': options.string({ default: null, group, doc: 'Trust manager.', unsupported: notInNode }),
  'ssl.secure.random.implementation': options.string({ default: null, group, doc: 'Random numbers.', unsupported: notInNode }),
  'ssl.engine.factory.class': options.string({ default: null, group, doc: 'TLS engine factory.', unsupported: notInNode }),
};

type TlsConfig = {
  readonly [Name in keyof typeof tlsOptions]: (typeof tlsOptions)[Name] extends { parse(text: string): infer T } ? T : never;
};
type Fault = (option: string, message: string) => void;

/** Node's TLS options from Kafka's; what cannot be read or is of a foreign format becomes a fault of its option. */
export function tlsConnectionOptions(config: TlsConfig, fault: Fault): ConnectionOptions {
  const made: ConnectionOptions = { ...trust(config, fault), ...identity(config, fault), ...versions(config, fault) };
  if (config['ssl.endpoint.identification.algorithm'] === '') made.checkServerIdentity = () => undefined;
  return made;
}

function trust(config: TlsConfig, fault: Fault): ConnectionOptions {
  const inline = config['ssl.truststore.certificates'];
  if (inline !== null) return { ca: inline };
  const location = config['ssl.truststore.location'];
  if (location === null) return {};
  const type = config['ssl.truststore.type'].toUpperCase();
  if (type !== 'PEM') {
    fault(
      'ssl.truststore.type',
      `${type} trust stores are not supported: ${conversion('keytool -exportcert -rfc -alias ALIAS', location)}`,
    );
    return {};
  }
  return optional('ca', read('ssl.truststore.location', location, fault));
}

function identity(config: TlsConfig, fault: Fault): ConnectionOptions {
  const [key, chain] = [config['ssl.keystore.key'], config['ssl.keystore.certificate.chain']];
  const keyPassword = config['ssl.key.password'];
  if (key !== null && chain !== null) return { key, cert: chain, ...optional('passphrase', keyPassword) };
  if (key !== null || chain !== null) fault('ssl.keystore.key', 'ssl.keystore.key and ssl.keystore.certificate.chain belong together.');
  const location = config['ssl.keystore.location'];
  if (location === null) return {};
  const type = config['ssl.keystore.type'].toUpperCase();
  if (type !== 'PEM' && type !== 'PKCS12') {
    fault(
      'ssl.keystore.type',
      `${type} key stores are not supported: ${conversion('keytool -importkeystore -deststoretype PKCS12', location)}`,
    );
    return {};
  }
  const bytes = read('ssl.keystore.location', location, fault);
  if (bytes === null) return {};
  if (type === 'PKCS12') return { pfx: bytes, ...optional('passphrase', config['ssl.keystore.password']) };
  // A PEM key store holds the key and the chain in one file; Node finds each by its markers.
  return { key: bytes, cert: bytes, ...optional('passphrase', keyPassword) };
}

function versions(config: TlsConfig, fault: Fault): ConnectionOptions {
  const known = ['TLSv1.2', 'TLSv1.3'] as const satisfies readonly SecureVersion[];
  const enabled = config['ssl.enabled.protocols'];
  for (const name of enabled)
    if (!known.some(version => version === name)) fault('ssl.enabled.protocols', `${name} is not supported; use ${known.join(', ')}.`);
  const usable = known.filter(version => enabled.includes(version) && !(config['ssl.protocol'] === 'tlsv1.2' && version === 'TLSv1.3'));
  const [lowest, highest] = [usable[0], usable.at(-1)];
  if (lowest === undefined || highest === undefined) {
    fault('ssl.enabled.protocols', 'No TLS version is left to use.');
    return {};
  }
  return { minVersion: lowest, maxVersion: highest };
}

function conversion(command: string, location: string): string {
  return `convert it (${command} -keystore ${location} ...) to PEM and set the type to PEM.`;
}

function read(option: string, location: string, fault: Fault): Buffer | null {
  try {
    return readFileSync(location);
  } catch (error) {
    fault(option, `Cannot read ${location}: ${(error as NodeJS.ErrnoException).code ?? 'unreadable'}`);
    return null;
  }
}

function optional<Name extends string, T>(name: Name, value: T | null): { [N in Name]?: T } {
  return (value === null ? {} : { [name]: value }) as { [N in Name]?: T };
}
