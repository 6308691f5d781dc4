// `node test/services/serve.ts NAME`: a server of its own for whoever runs this, such as the demo. Says `ready URL` on a line when it answers,
// and ends, with the server and its folders, when its standard input does: with its parent, however that ends.
import { startElasticsearch } from './elasticsearch.ts';
import { startMongodb } from './mongodb.ts';
import { startMariadb, startMysql } from './mysql.ts';
import { startPostgres } from './postgres.ts';
import { startRedis } from './redis.ts';

type Served = AsyncDisposable & { readonly url: string };

const servers: Readonly<Record<string, () => Promise<Served>>> = {
  postgres: () => startPostgres({ version: 18, auth: 'scram-sha-256', settings: { synchronous_commit: 'on' } }),
  mysql: startMysql,
  mariadb: startMariadb,
  mongodb: startMongodb,
  async redis() {
    const server = await startRedis();
    return { url: `redis://${server.host}:${server.port}`, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
  },
  elasticsearch: startElasticsearch,
};

const name = process.argv[2] ?? '';
const start = servers[name];
if (!start) {
  process.stderr.write(`There is no server '${name}'; there are ${Object.keys(servers).join(', ')}.\n`);
  process.exit(2);
}
// Its parent tells it to end by closing the pipe; what a terminal sends to all is the parent's affair.
for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});
try {
  const server = await start();
  process.stdout.write(`ready ${server.url}\n`);
  const end = async () => {
    await server[Symbol.asyncDispose]();
    process.exit(0);
  };
  process.stdin.once('end', end).once('error', end).resume();
  process.once('SIGTERM', end);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exit(1);
}
