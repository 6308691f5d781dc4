import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sharedConnect, sharedKafka, sharedPostgres } from '../support/servers.ts';
import { caseNames, casesFolder, readCase } from './case.ts';
import { compare } from './compare.ts';
import { postgresEngine } from './engines.ts';
import { record } from './recorder.ts';
import { referencePublisher } from './reference.ts';

// Runs cases against the real Debezium: `node test/conformance/record-reference.ts [--write] [CASE ...]`. It compares what comes with
// the golden records, or with --write makes that the golden records.

const args = process.argv.slice(2);
const write = args.includes('--write');
const chosen = args.filter(arg => !arg.startsWith('-'));
const engine = postgresEngine(await sharedPostgres(15));
await using publisher = referencePublisher(await sharedConnect(), await sharedKafka());
for (const name of chosen.length > 0 ? chosen : caseNames()) {
  const theCase = readCase(name);
  const lines = await record(theCase, engine, publisher);
  const { matched, total, differences } = compare(theCase.golden, lines, theCase);
  if (write) writeFileSync(join(casesFolder, name, 'golden.ndjson'), lines.map(line => `${line}\n`).join(''));
  for (const difference of differences.slice(0, 20)) console.log(`  ${difference}`);
  console.log(`${name}: ${matched} of ${total} records match`);
  if (matched !== total) process.exitCode = 1;
}
