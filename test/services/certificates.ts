import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { ScratchFolder } from '../support/scratch-folder.ts';

const run = promisify(execFile);

/** A private key and the certificate of it, as PEM files. */
export type KeyPair = { readonly certificate: string; readonly key: string };

async function openssl(...args: string[]): Promise<void> {
  await run('openssl', args).catch(error => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      throw new Error('Certificates for the tests are made by openssl, which is missing: `sudo apt-get install openssl`.');
    throw error;
  });
}

/** An authority of the tests' own. */
export class CertificateAuthority {
  readonly certificate: string;
  readonly #key: string;
  readonly #folder: ScratchFolder;

  private constructor(folder: ScratchFolder, { certificate, key }: KeyPair) {
    this.#folder = folder;
    this.certificate = certificate;
    this.#key = key;
  }

  static async create(folder: ScratchFolder, name: string): Promise<CertificateAuthority> {
    return new CertificateAuthority(folder, await keyPair(folder, name, ['-addext', 'keyUsage=critical,keyCertSign']));
  }

  /** A certificate signed by it; `names` as a subjectAltName has them: `DNS:localhost`. The subject's common name is `name`. */
  sign(name: string, names: readonly string[] = []): Promise<KeyPair> {
    const alternatives = names.length > 0 ? ['-addext', `subjectAltName=${names.join(',')}`] : [];
    const extensions = ['-addext', 'basicConstraints=critical,CA:FALSE', ...alternatives];
    return keyPair(this.#folder, name, ['-CA', this.certificate, '-CAkey', this.#key, ...extensions]);
  }
}

async function keyPair(folder: ScratchFolder, name: string, args: readonly string[]): Promise<KeyPair> {
  const pair = { certificate: folder.file(`${name}.pem`), key: folder.file(`${name}.key`) };
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc', '-keyout', pair.key];
  await openssl('req', '-x509', ...newKey, '-days', '30', '-subj', `/CN=${name}`, '-out', pair.certificate, ...args);
  return pair;
}

/** The same key in another form: PKCS#8 in DER (`name.pk8`), encrypted with the password. */
export async function encryptedKey({ key }: KeyPair, password: string): Promise<string> {
  const file = key.replace(/\.key$/, '.pk8');
  await openssl('pkcs8', '-topk8', '-in', key, '-outform', 'DER', '-passout', `pass:${password}`, '-out', file);
  return file;
}

/** Certificate and key in one PKCS#12 file. */
export async function bundle({ certificate, key }: KeyPair, password: string): Promise<string> {
  const file = key.replace(/\.key$/, '.p12');
  await openssl('pkcs12', '-export', '-in', certificate, '-inkey', key, '-name', 'user', '-passout', `pass:${password}`, '-out', file);
  return file;
}
