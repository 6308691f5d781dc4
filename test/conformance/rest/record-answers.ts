import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freshDatabase } from '../../support/fresh-database.ts';
import { sharedConnect, sharedPostgres } from '../../support/servers.ts';
import { exchange, type RestAnswer } from './exchange.ts';
import { type PluginDigest, pluginDigest } from './plugin-answers.ts';
import { pluginSteps, steps } from './steps.ts';

// Records what a real Kafka Connect worker with the real Debezium answers: `node test/conformance/rest/record-answers.ts`.

const server = await sharedPostgres(15);
const url = await sharedConnect();
await using database = await freshDatabase(server, 'rest_answers');
await database.run('create table things (id int primary key, name text)');
const answers: Record<string, RestAnswer> = {};
const plugins: Record<string, PluginDigest> = {};
for (const step of [...steps, ...pluginSteps]) {
  const answer = await exchange(url, step, { server, database: database.name });
  if (step.name in answers || step.name in plugins) throw new Error(`Two steps are named ${step.name}`);
  if (steps.includes(step)) answers[step.name] = answer;
  else plugins[step.name] = pluginDigest(answer);
  console.log(answer.status, step.name);
}
writeFileSync(join(import.meta.dirname, 'answers.json'), `${JSON.stringify({ answers, plugins }, null, 1)}\n`);
