import { freePort } from '../support/free-port.ts';
import { KafkaServer, kafkaLibraries } from './kafka.ts';
import { startToxiproxy, type ToxicProxy, type ToxiproxyServer } from './toxiproxy.ts';

/** A broker that is reached directly, and by another port through a network that can be made to fail. */
export class KafkaBehindToxiproxy implements AsyncDisposable {
  /** Reached directly: for whoever looks on. */
  readonly server: KafkaServer;
  /** The network between the broker and those who come through `bootstrapServers`. */
  readonly network: ToxicProxy;
  readonly #toxiproxy: ToxiproxyServer;

  constructor(server: KafkaServer, network: ToxicProxy, toxiproxy: ToxiproxyServer) {
    this.server = server;
    this.network = network;
    this.#toxiproxy = toxiproxy;
  }

  /** Through the failing network; the broker sends its clients back to this port. */
  get bootstrapServers(): string {
    return `127.0.0.1:${this.network.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
    await this.#toxiproxy[Symbol.asyncDispose]();
  }
}

/** A new broker behind a Toxiproxy of its own. The caller owns both. `settings` win over the broker's defaults. */
export async function startKafkaBehindToxiproxy(settings: Readonly<Record<string, string>> = {}): Promise<KafkaBehindToxiproxy> {
  const [port, behind, advertised, controller] = [await freePort(), await freePort(), await freePort(), await freePort()];
  const server = new KafkaServer(port, await kafkaLibraries());
  const toxiproxy = await startToxiproxy();
  try {
    const network = await toxiproxy.proxyTo({ host: '127.0.0.1', port: behind }, advertised);
    await server.initialize(controller, {
      listeners: `PLAINTEXT://127.0.0.1:${port},BEHIND://127.0.0.1:${behind},CONTROLLER://127.0.0.1:${controller}`,
      'advertised.listeners': `PLAINTEXT://127.0.0.1:${port},BEHIND://127.0.0.1:${advertised}`,
      'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,BEHIND:PLAINTEXT,CONTROLLER:PLAINTEXT',
      'inter.broker.listener.name': 'PLAINTEXT',
      ...settings,
    });
    await server.start();
    return new KafkaBehindToxiproxy(server, network, toxiproxy);
  } catch (error) {
    await server[Symbol.asyncDispose]();
    await toxiproxy[Symbol.asyncDispose]();
    throw error;
  }
}
