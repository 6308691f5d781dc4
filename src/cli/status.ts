import type { ConnectorProgress, TaskProgress } from '../engine/supervisor/supervisor-states.ts';
import type { CommandInput } from './command-line.ts';
import { callWorker, type WorkerAddress, workerUrl } from './rest-client.ts';
import type { Paint } from './terminal.ts';

/** `sluice status`: all connectors, a line a task, or one in full. */
export async function status(input: CommandInput): Promise<number> {
  const { terminal, positionals, on } = input;
  const [name] = positionals;
  const url = await workerUrl(input);
  const answer = await callWorker(url, 'GET', name === undefined ? '/sluice/connectors' : `/sluice/connectors/${encodeURIComponent(name)}`);
  if (on('json')) terminal.out(`${JSON.stringify(answer, null, 2)}\n`);
  else if (name !== undefined) terminal.out(inFull(answer as ConnectorProgress, terminal.paint));
  else terminal.out(overview(Object.values(answer as Record<string, ConnectorProgress>), url, terminal.paint));
  return 0;
}

function colored(state: string, paint: Paint): string {
  if (state === 'RUNNING') return paint.green(state);
  if (state === 'FAILED') return paint.red(state);
  return state === 'RETRYING' ? paint.yellow(state) : paint.dim(state);
}

function overview(connectors: readonly ConnectorProgress[], url: WorkerAddress, paint: Paint): string {
  if (connectors.length === 0) return `No connectors at ${url}.\n`;
  const header = ['CONNECTOR', 'STATE', 'PHASE', 'RECORDS', 'PER SECOND', 'LAG', 'POSITION'];
  const rows = connectors.flatMap(({ name, state, tasks }) =>
    tasks.length === 0
      ? [[name, state, '', '', '', '', '']]
      : tasks.map(task => [
          tasks.length === 1 ? name : `${name}/${task.id}`,
          state === 'FAILED' ? state : task.state,
          task.phase ?? (task.consuming === null ? '' : 'sink'),
          String(task.records),
          String(task.records_per_second),
          lag(task),
          task.position ?? behind(task),
        ]),
  );
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map(row => row[column]!.length)));
  const line = (cells: readonly string[], shown: (cell: string, column: number) => string) =>
    cells
      .map((cell, column) => shown(cell, column) + ' '.repeat(widths[column]! - cell.length))
      .join('  ')
      .trimEnd();
  const body = rows.map(row => line(row, (cell, column) => (column === 1 ? colored(cell, paint) : cell)));
  const troubled = connectors.filter(
    ({ state, tasks }) => state === 'FAILED' || tasks.some(task => ['FAILED', 'RETRYING'].includes(task.state)),
  );
  const hint = troubled.length === 0 ? '' : `\n${paint.dim(`sluice status ${troubled[0]!.name}    tells why`)}\n`;
  return `${line(header, cell => paint.dim(cell))}\n${body.join('\n')}\n${hint}`;
}

function lag({ commit_lag_ms: commit, read_lag_ms: read }: TaskProgress): string {
  const ms = commit ?? read;
  return ms === null ? '' : ms < 10_000 ? `${Math.round(ms)} ms` : `${Math.round(ms / 1000)} s`;
}

/** Of a sink: how many records of the log are not in the target yet. */
function behind({ consuming }: TaskProgress): string {
  return consuming === null ? '' : consuming.lag_records === 0 ? 'at the end' : `${consuming.lag_records} records behind`;
}

function inFull(connector: ConnectorProgress, paint: Paint): string {
  const lines = [
    `${paint.bold(connector.name)}  ${colored(connector.state, paint)}  ${connector.class}`,
    ...(connector.file === null ? [] : [`  held by ${connector.file}`]),
    ...connector.warnings.map(warning => `  ${paint.yellow('warning')}  ${warning}`),
    ...(connector.trace === null ? [] : indented(connector.trace)),
    ...connector.tasks.flatMap(task => [
      `  task ${task.id}  ${colored(task.state, paint)}${task.phase === null ? '' : `  ${task.phase}`}${task.position === null ? '' : ` at ${task.position}`}`,
      `    ${task.records} records, ${task.bytes} bytes, ${task.records_per_second} a second${lag(task) === '' ? '' : `, lag ${lag(task)}`}`,
      ...(task.consuming?.partitions ?? []).map(
        ({ topic, partition, offset, lag_records: left }) => `    ${topic}-${partition} at ${offset}, ${left} to go`,
      ),
      ...(task.dead_letters === 0
        ? []
        : [`    ${paint.yellow(`${task.dead_letters} dead letters`)}  ${paint.dim(`sluice dead-letters ${connector.name}`)}`]),
      ...(task.filtered + task.skipped === 0 ? [] : [`    ${task.filtered} filtered by transforms, ${task.skipped} skipped for errors`]),
      ...(task.snapshot === null
        ? []
        : [
            `    snapshot: ${task.snapshot.tablesDone} of ${task.snapshot.tables} tables, ${task.snapshot.rows}${task.snapshot.rowsEstimated === null ? '' : ` of about ${task.snapshot.rowsEstimated}`} rows`,
          ]),
      ...(task.retrying === null
        ? []
        : [
            `    ${paint.yellow(task.retrying.reason)}`,
            `    ${task.retrying.remedy}`,
            `    tried ${task.retrying.attempts} times since ${task.retrying.since}, next at ${task.retrying.next_attempt}`,
          ]),
      ...(task.trace === null ? [] : indented(task.trace)),
      ...Object.entries(task.records_by_topic).map(([topic, records]) => `    ${String(records).padStart(10)}  ${topic}`),
    ]),
  ];
  return `${lines.join('\n')}\n`;
}

function indented(text: string): readonly string[] {
  return text.split('\n').map(line => `    ${line}`);
}
