import { mysqlSpec } from '../../connectors/mysql/options.ts';
import { postgresSpec } from '../../connectors/postgres/options.ts';
import { errorCatalogue, type RetryPolicy } from '../contract/index.ts';
import { sourceSpec } from '../engine/source/source-options.ts';
import { cell, code, inline } from './inline.ts';
import { linksTo } from './option-list.ts';
import { workerLinks } from './worker-page.ts';

const retries: Readonly<Record<RetryPolicy, string>> = { never: 'no', backoff: 'by itself', record: 'follows `errors.tolerance`' };

/** The catalogue of errors. */
export function errorsPage(): string {
  const links = new Map([
    ...workerLinks('reference/worker.md'),
    ...linksTo('reference/connector-common.md', [sourceSpec]),
    ...linksTo('reference/connector-mysql.md', [mysqlSpec]),
    ...linksTo('reference/connector-postgres.md', [postgresSpec]),
  ]);
  const rows = Object.entries(errorCatalogue).map(
    ([name, { retry, remedy }]) => `| <a id="${name}"></a>${code(name)} | ${retries[retry]} | ${cell(inline(remedy, links))} |`,
  );
  return `# Errors

Every error has a code of this list. The message beside it says what happened, to which connector and table, and names the remedy where it knows a
better one than the list. A log line has the code in its field \`code\`; the trace of a failed task (\`GET /connectors/NAME/status\`) begins with it.

What becomes of the task:
- **no**: it stops as \`FAILED\` with this error until somebody acts. After that, \`sluice restart NAME --only-failed\`
  (or \`POST /connectors/NAME/restart?includeTasks=true&onlyFailed=true\`).
- **by itself**: it is tried again with growing pauses, bounded by
  [\`errors.max.retries\`](reference/connector-postgres.md#errors.max.retries). Connect's API goes on to say \`RUNNING\`;
  \`GET /sluice/connectors/NAME\` says \`RETRYING\`, since when and why.
- **follows \`errors.tolerance\`**: it concerns one record. With [\`errors.tolerance\`](reference/connector-common.md#errors.tolerance)
  \`none\` the task stops; with \`all\` the record is left out, counted, and logged if \`errors.log.enable\` is set.

| Code | Tried again | What to do |
| --- | --- | --- |
${rows.join('\n')}
`;
}
