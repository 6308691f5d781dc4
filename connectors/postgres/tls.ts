import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { type ConnectionOptions, checkServerIdentity } from 'node:tls';
import { SluiceError } from '../../src/contract/index.ts';

/** libpq's modes (docs "SSL Support"): `prefer` takes TLS where the server offers it, `require` does not verify. */
export type SslMode = 'disable' | 'allow' | 'prefer' | 'require' | 'verify-ca' | 'verify-full';

/** The TLS part of how a database is reached. Files are PEM or, as Java's driver wants them, DER (a key as PKCS#8) or PKCS#12. */
export type TlsSettings = {
  readonly sslMode: SslMode;
  /** Authorities the server's certificate is verified against; null: those of this machine. */
  readonly sslRootCertificateFile: string | null;
  readonly sslCertificateFile: string | null;
  readonly sslKeyFile: string | null;
  readonly sslKeyPassword: string | null;
};

type File = { readonly option: string; readonly path: string; readonly bytes: Buffer };

async function read(option: string, path: string | null): Promise<File | null> {
  if (path === null) return null;
  try {
    return { option, path, bytes: await readFile(path) };
  } catch (cause) {
    throw new SluiceError('CONFIG_INVALID', `${option}: the file ${path} cannot be read.`, { cause });
  }
}

/** A file's content as PEM, made by `convert` where it is not PEM yet. */
function pem({ option, path, bytes }: File, what: string, convert: (bytes: Buffer) => string): string | Buffer {
  if (bytes.includes('-----BEGIN ')) return bytes;
  try {
    return convert(bytes);
  } catch (cause) {
    throw new SluiceError('CONFIG_INVALID', `${option}: the file ${path} holds no ${what}, neither as PEM nor as DER.`, { cause });
  }
}

const certificate = (file: File) => pem(file, 'certificate', bytes => new X509Certificate(bytes).toString());

/** The client's certificate and key, as Node's TLS takes them. */
function identity(cert: File | null, key: File | null, passphrase: string | null): ConnectionOptions {
  const password = passphrase === null ? {} : { passphrase };
  if (key && /\.(p12|pfx)$/i.test(key.path)) return { pfx: key.bytes, ...password };
  const convertKey = (der: Buffer) =>
    createPrivateKey({ key: der, format: 'der', type: 'pkcs8', ...password })
      .export({ format: 'pem', type: 'pkcs8' })
      .toString();
  return {
    ...(cert && { cert: certificate(cert) }),
    ...(key && { key: pem(key, 'private key (or its password is wrong)', convertKey) }),
    ...password,
  };
}

/** Node's options for a TLS connection to `hostname`. Throws SluiceError CONFIG_INVALID where a file cannot be used. */
export async function tlsOptions(settings: TlsSettings, hostname: string): Promise<ConnectionOptions> {
  const [root, cert, key] = await Promise.all([
    read('database.sslrootcert', settings.sslRootCertificateFile),
    read('database.sslcert', settings.sslCertificateFile),
    read('database.sslkey', settings.sslKeyFile),
  ]);
  return {
    rejectUnauthorized: settings.sslMode === 'verify-ca' || settings.sslMode === 'verify-full',
    // verify-ca checks the chain but not the name.
    checkServerIdentity: (_, peer) => (settings.sslMode === 'verify-full' ? checkServerIdentity(hostname, peer) : undefined),
    ...(root && { ca: certificate(root) }),
    ...identity(cert, key, settings.sslKeyPassword),
  };
}

/** Whether an error of the socket is one of TLS: the certificate, its name, or the handshake. */
export function isTlsError(code: string): boolean {
  return /^(ERR_TLS|ERR_SSL|ERR_OSSL|CERT_|CRL_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|INVALID_CA|HOSTNAME_MISMATCH|EPROTO)/.test(code);
}
