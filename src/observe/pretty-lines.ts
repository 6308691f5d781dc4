const levels: Readonly<Record<number, readonly [name: string, color: number]>> = {
  10: ['trace', 90],
  20: ['debug', 90],
  30: ['info ', 32],
  40: ['warn ', 33],
  50: ['error', 31],
  60: ['fatal', 31],
};

/** Fields that every line has, shown in a place of their own or not at all. */
const framed = new Set(['level', 'time', 'logger', 'msg', 'connector', 'task', 'err']);

/**
 * One of pino's JSON lines as a person reads it: `12:30:01.250 info  sluice.engine [orders/0] the text  field=value`.
 * A line that is no JSON comes back as it is.
 */
export function prettyLine(line: string, color: boolean): string {
  const paint = (code: number, text: string) => (color ? `\u001b[${code}m${text}\u001b[0m` : text);
  let entry: Record<string, unknown>;
  try {
    entry = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return line;
  }
  const [name, levelColor] = levels[Number(entry['level'])] ?? ['log  ', 0];
  const time = new Date(Number(entry['time'])).toISOString().slice(11, 23);
  const task = entry['task'] === undefined ? '' : `/${String(entry['task'])}`;
  const connector = entry['connector'] === undefined ? '' : paint(36, `[${String(entry['connector'])}${task}] `);
  const fields = Object.entries(entry)
    .filter(([field]) => !framed.has(field))
    .map(([field, value]) => `${field}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ');
  const error = entry['err'] as { stack?: string; message?: string } | undefined;
  const trace = error === undefined ? '' : `\n${paint(90, String(error.stack ?? error.message ?? ''))}`;
  const text = `${paint(90, time)} ${paint(levelColor, name)} ${connector}${String(entry['msg'] ?? '')}`;
  return `${text}${fields ? paint(90, `  ${fields}`) : ''}${trace}\n`;
}
