import { readFileSync } from 'node:fs';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { SluiceError } from '../contract/index.ts';
import type { CallTls } from './http-call.ts';

export type StoreType = 'pem' | 'pkcs12' | 'jks';

/** A listener's TLS as it is configured, in Kafka's terms. It holds secrets: never print it. */
export type TlsSettings = {
  /** What stands before the options' names, for messages: `listeners.https.`. */
  readonly prefix: string;
  readonly keyStore: {
    readonly location: string | null;
    /** null: what the file's first bytes say. */
    readonly type: StoreType | null;
    readonly password: string | null;
    /** Key and chain themselves, in the place of a file. */
    readonly key: string | null;
    readonly chain: string | null;
  };
  readonly keyPassword: string | null;
  readonly trustStore: { readonly location: string | null; readonly type: StoreType | null; readonly certificates: string | null };
  readonly clientAuth: 'none' | 'requested' | 'required';
  readonly versions: { readonly lowest: 'TLSv1.2' | 'TLSv1.3'; readonly highest: 'TLSv1.2' | 'TLSv1.3' };
  /** Of workers called by this one: whether their certificates must name the host. */
  readonly verifyHost: boolean;
};

/** The files that settings name: what has to be read again when one changes. */
export function tlsFiles({ keyStore, trustStore }: TlsSettings): readonly string[] {
  return [keyStore.location, trustStore.location].filter(path => path !== null);
}

function invalid(settings: TlsSettings, option: string, message: string): SluiceError {
  return new SluiceError('CONFIG_INVALID', `${settings.prefix}${option}: ${message}`);
}

function read(settings: TlsSettings, option: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw invalid(settings, option, `${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)}).`);
  }
}

/** What a store is, whatever it is called: Java's own reader takes PKCS12 for JKS too. */
function typeOf(bytes: Buffer): StoreType | null {
  if (bytes.length < 4) return null;
  if (bytes.readUInt32BE(0) === 0xfeedfeed) return 'jks';
  if (bytes[0] === 0x30) return 'pkcs12';
  return bytes.includes('-----BEGIN ') ? 'pem' : null;
}

/**
 * Reads what a listener shows and trusts, and tries it. Throws CONFIG_INVALID, which names the option and says what to do. Calls block: the
 * files are small, and read at the start and when they change.
 */
export function readTls(settings: TlsSettings): SecureContextOptions {
  const made: SecureContextOptions = {
    ...identityOf(settings),
    ...trustOf(settings),
    minVersion: settings.versions.lowest,
    maxVersion: settings.versions.highest,
  };
  try {
    createSecureContext(made);
  } catch (error) {
    // OpenSSL's words, such as `key values mismatch`: they quote nothing.
    const option = settings.keyStore.location === null ? 'ssl.keystore.key' : 'ssl.keystore.location';
    throw invalid(settings, option, `key and certificates cannot be used: ${error instanceof Error ? error.message : String(error)}.`);
  }
  return made;
}

function identityOf(settings: TlsSettings): SecureContextOptions {
  const { keyStore, keyPassword } = settings;
  const passphrase = keyPassword === null ? {} : { passphrase: keyPassword };
  if (keyStore.key !== null && keyStore.chain !== null) return { key: keyStore.key, cert: keyStore.chain, ...passphrase };
  const { location } = keyStore;
  if (location === null) throw invalid(settings, 'ssl.keystore.location', 'an https listener needs a key store.');
  const bytes = read(settings, 'ssl.keystore.location', location);
  const type = typeOf(bytes);
  if (type === null) throw invalid(settings, 'ssl.keystore.location', `${location} is neither PEM nor PKCS12.`);
  if (type === 'jks')
    throw invalid(
      settings,
      'ssl.keystore.type',
      `JKS key stores are not supported: convert it with \`keytool -importkeystore -srckeystore ${location} -destkeystore FILE.p12 -deststoretype PKCS12\`.`,
    );
  if (keyStore.type === 'pem' && type !== 'pem') throw invalid(settings, 'ssl.keystore.type', `${location} is no PEM file.`);
  if (type === 'pkcs12') return { pfx: bytes, ...(keyStore.password !== null && { passphrase: keyStore.password }) };
  const text = bytes.toString('latin1');
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text) || !text.includes('-----BEGIN CERTIFICATE-----'))
    throw invalid(
      settings,
      'ssl.keystore.location',
      `${location} must hold the private key and the certificate chain, one after the other.`,
    );
  // Node finds each by its markers.
  return { key: bytes, cert: bytes, ...passphrase };
}

function trustOf(settings: TlsSettings): SecureContextOptions {
  const { location, certificates } = settings.trustStore;
  if (certificates !== null) return { ca: certificates };
  if (location === null) return {};
  const bytes = read(settings, 'ssl.truststore.location', location);
  if (typeOf(bytes) !== 'pem')
    throw invalid(
      settings,
      'ssl.truststore.type',
      `only PEM trust stores are supported: convert it with \`keytool -exportcert -rfc -alias ALIAS -keystore ${location}\`.`,
    );
  return { ca: bytes };
}

/** The same for calls of other workers: shown as a client's certificate, and trusted as an authority of theirs. */
export function clientTls(settings: TlsSettings, material: SecureContextOptions): CallTls {
  return settings.verifyHost ? material : { ...material, checkServerIdentity: () => undefined };
}
