// `node test/services/serve.ts NAME`: a server of its own for whoever runs this, such as the demo. Says `ready URL WHAT` on a line when it answers,
// and ends, with the server and its folders, when its standard input does: with its parent, however that ends.
import { startElasticsearch } from './elasticsearch.ts';
import { startMongodb } from './mongodb.ts';
import { startMariadb, startMysql } from './mysql.ts';
import { startPostgres } from './postgres.ts';
import { startRedis } from './redis.ts';

type Served = AsyncDisposable & { readonly url: string };
type Offer = { readonly what: string; readonly start: () => Promise<Served> };

const offers: Readonly<Record<string, Offer>> = {
  postgres: {
    what: 'PostgreSQL 18',
    start: () => startPostgres({ version: 18, auth: 'scram-sha-256', settings: { synchronous_commit: 'on' } }),
  },
  mysql: { what: 'MySQL 9', start: startMysql },
  mariadb: { what: 'MariaDB 10.11', start: startMariadb },
  mongodb: { what: 'SecantusDB (it stands in for MongoDB)', start: startMongodb },
  redis: {
    what: 'Redis',
    async start() {
      const server = await startRedis();
      return { url: `redis://${server.host}:${server.port}`, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
    },
  },
  elasticsearch: { what: 'Elasticsearch', start: startElasticsearch },
};

const name = process.argv[2] ?? '';
const offer = offers[name];
if (!offer) {
  process.stderr.write(`There is no server '${name}'; there are ${Object.keys(offers).join(', ')}.\n`);
  process.exit(2);
}
// Its parent tells it to end by closing the pipe; what a terminal sends to all is the parent's affair.
for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});
try {
  const server = await offer.start();
  process.stdout.write(`ready ${server.url} ${offer.what}\n`);
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
