import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../support/free-port.ts';
import { ScratchFolder } from '../support/scratch-folder.ts';
import { cached } from './cache-folder.ts';
import { mavenFile } from './maven.ts';
import { ServerProcess } from './server-process.ts';

const run = promisify(execFile);

export const keycloakVersion = '26.7.3';

const java = {
  JAVA_OPTS_KC_HEAP: '-Xms64m -Xmx512m',
  JAVA_OPTS_APPEND: '-XX:TieredStopAtLevel=1',
};

/** Unpacked, and built once for the settings it is always started with: that is most of what a start in development mode takes. */
async function unpack(folder: string): Promise<void> {
  const archive = await mavenFile(`org.keycloak:keycloak-quarkus-dist:${keycloakVersion}:zip`, folder);
  await run('jar', ['xf', archive], { cwd: folder, maxBuffer: 1 << 26 });
  await rm(archive);
  const unpacked = join(folder, `keycloak-${keycloakVersion}`);
  for (const name of await readdir(unpacked)) await rename(join(unpacked, name), join(folder, name));
  await rm(unpacked, { recursive: true });
  await run('sh', [join(folder, 'bin', 'kc.sh'), 'build', '--db=dev-file'], {
    env: { ...process.env, ...java },
    maxBuffer: 1 << 26,
  });
}

export type KeycloakOptions = {
  /** A realm to begin with, in the form of Keycloak's exports; its name is `realm`. */
  readonly realm: { readonly realm: string } & Readonly<Record<string, unknown>>;
};

/** A real Keycloak of its own, with an administrator of the master realm: stopped and deleted when disposed. */
export class KeycloakServer implements AsyncDisposable {
  readonly url: string;
  readonly admin = { name: 'admin', password: 'admin-geheim' } as const;
  readonly #scratch = new ScratchFolder('keycloak');
  readonly #port: number;
  #process: ServerProcess | null = null;

  private constructor(port: number) {
    this.#port = port;
    this.url = `http://127.0.0.1:${port}`;
  }

  static async start({ realm }: KeycloakOptions): Promise<KeycloakServer> {
    const home = await cached(`keycloak-${keycloakVersion}`, unpack);
    const server = new KeycloakServer(await freePort());
    try {
      await server.#start(home, realm);
      return server;
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #start(home: string, realm: KeycloakOptions['realm']): Promise<void> {
    // It keeps its data below its home.
    const own = this.#scratch.file('home');
    await cp(home, own, { recursive: true });
    await mkdir(join(own, 'data', 'import'), { recursive: true });
    await writeFile(join(own, 'data', 'import', `${realm.realm}-realm.json`), JSON.stringify(realm));
    this.#process = await ServerProcess.start({
      name: `Keycloak ${keycloakVersion}`,
      command: 'sh',
      args: [
        join(own, 'bin', 'kc.sh'),
        'start',
        '--optimized',
        '--cache=local',
        '--import-realm',
        '--http-enabled=true',
        '--http-host=127.0.0.1',
        `--http-port=${this.#port}`,
        '--hostname-strict=false',
      ],
      scratch: this.#scratch.path,
      env: { ...process.env, ...java, KC_BOOTSTRAP_ADMIN_USERNAME: this.admin.name, KC_BOOTSTRAP_ADMIN_PASSWORD: this.admin.password },
      logFile: this.#scratch.file('keycloak.log'),
      ready: async () => (await fetch(`${this.issuer(realm.realm)}/.well-known/openid-configuration`)).ok,
      startMsMax: 240_000,
      readyEveryMs: 250,
    });
  }

  /** The issuer that a realm is. */
  issuer(realm: string): string {
    return `${this.url}/realms/${realm}`;
  }

  /** Logs a user in by name and password, as a client that may do that. */
  async tokens(realm: string, client: string, user: { readonly name: string; readonly password: string }): Promise<Tokens> {
    const form = { grant_type: 'password', client_id: client, username: user.name, password: user.password, scope: 'openid' };
    const response = await fetch(`${this.issuer(realm)}/protocol/openid-connect/token`, {
      method: 'POST',
      body: new URLSearchParams(form),
    });
    if (!response.ok) throw new Error(`Keycloak gives ${user.name} no token: ${response.status} ${await response.text()}`);
    return (await response.json()) as Tokens;
  }

  /** A new key for a realm, which signs from now on; the old one stays published. */
  async rotateKey(realm: string): Promise<void> {
    const { access_token: token } = await this.tokens('master', 'admin-cli', this.admin);
    const call = async (path: string, body?: unknown) => {
      const response = await fetch(`${this.url}/admin/realms/${realm}${path}`, {
        method: body === undefined ? 'GET' : 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      if (!response.ok) throw new Error(`Keycloak's ${path}: ${response.status} ${await response.text()}`);
      return response;
    };
    const { id } = (await (await call('')).json()) as { readonly id: string };
    await call('/components', {
      name: 'rotated',
      parentId: id,
      providerId: 'rsa-generated',
      providerType: 'org.keycloak.keys.KeyProvider',
      config: { priority: ['1000'], keySize: ['2048'], algorithm: ['RS256'], active: ['true'], enabled: ['true'] },
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Its script forwards this to Java, which outlives the script's death by SIGKILL.
    await this.#process?.stop();
    this.#scratch[Symbol.dispose]();
  }
}

export type Tokens = { readonly access_token: string; readonly refresh_token: string; readonly id_token?: string };
