import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import type { ConfigOf } from '../../src/contract/index.ts';
import type { connectionOptions } from './options-connection.ts';

type Config = ConfigOf<typeof connectionOptions>;
type Fault = (option: string, message: string) => void;

function read(option: string, path: string, fault: Fault): Buffer | null {
  try {
    return readFileSync(path);
  } catch (error) {
    fault(option, `${option}: the file ${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown reason'}).`);
    return null;
  }
}

function trust(config: Config, fault: Fault): ConnectionOptions {
  const inline = config['elastic.https.ssl.truststore.certificates'];
  if (inline !== null) return { ca: inline };
  const location = config['elastic.https.ssl.truststore.location'];
  if (location === null || location === '') return {};
  const type = config['elastic.https.ssl.truststore.type'].toUpperCase();
  if (type !== 'PEM') {
    const remedy = `Convert it with \`keytool -exportcert -rfc -alias ALIAS -keystore ${location}\` and set the type to PEM.`;
    fault('elastic.https.ssl.truststore.type', `${type} trust stores are not supported. ${remedy}`);
    return {};
  }
  const ca = read('elastic.https.ssl.truststore.location', location, fault);
  return ca === null ? {} : { ca };
}

function identity(config: Config, fault: Fault): ConnectionOptions {
  const [key, cert] = [config['elastic.https.ssl.keystore.key'], config['elastic.https.ssl.keystore.certificate.chain']];
  const keyPassword = config['elastic.https.ssl.key.password'];
  const passphrase = keyPassword === null ? {} : { passphrase: keyPassword };
  if (key !== null && cert !== null) return { key, cert, ...passphrase };
  if (key !== null || cert !== null)
    fault(
      'elastic.https.ssl.keystore.key',
      'elastic.https.ssl.keystore.key and elastic.https.ssl.keystore.certificate.chain belong together.',
    );
  const location = config['elastic.https.ssl.keystore.location'];
  if (location === null || location === '') return {};
  const type = config['elastic.https.ssl.keystore.type'].toUpperCase();
  if (type !== 'PEM' && type !== 'PKCS12') {
    const remedy = `Convert it with \`keytool -importkeystore -deststoretype PKCS12 -srckeystore ${location}\` and set the type to PKCS12.`;
    fault('elastic.https.ssl.keystore.type', `${type} key stores are not supported. ${remedy}`);
    return {};
  }
  const bytes = read('elastic.https.ssl.keystore.location', location, fault);
  if (bytes === null) return {};
  const storePassword = config['elastic.https.ssl.keystore.password'];
  if (type === 'PKCS12') return { pfx: bytes, ...(storePassword !== null && { passphrase: storePassword }) };
  // A PEM key store holds key and certificates in one file; Node finds each by its markers.
  return { key: bytes, cert: bytes, ...passphrase };
}

/** Node's TLS options from Confluent's `elastic.https.*`; what cannot be used becomes a fault of its option. */
export function tlsOptions(config: Config, fault: Fault): ConnectionOptions {
  const made = { ...trust(config, fault), ...identity(config, fault) };
  return config['elastic.https.ssl.endpoint.identification.algorithm'] === '' ? { ...made, checkServerIdentity: () => undefined } : made;
}
