import { fstatSync, writeSync } from 'node:fs';

/** No space, no quota, or a file that may not grow. */
const diskFull: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** Where a command writes, and whether a person reads it. */
export type Terminal = {
  out(text: string): void;
  err(text: string): void;
  /** Where the daemon's log goes: as `out`, but where that is a file and its disk is full the text is lost, not the daemon. */
  log(text: string): void;
  /** Whether the output is a terminal. */
  readonly interactive: boolean;
  readonly paint: Paint;
  /** Asks a person and gives what was typed; left out where nobody is there to answer. */
  ask?(question: string): Promise<string>;
};

export type Paint = {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  cyan(text: string): string;
};

/** Colours where `on`, else the text as it is. */
export function paintWith(on: boolean): Paint {
  const code = (start: number, end: number) => (text: string) => (on ? `\u001b[${start}m${text}\u001b[${end}m` : text);
  return { bold: code(1, 22), dim: code(2, 22), red: code(31, 39), green: code(32, 39), yellow: code(33, 39), cyan: code(36, 39) };
}

/** This process's terminal: colours only where a person looks, and NO_COLOR and FORCE_COLOR are heeded. */
export function processTerminal(): Terminal {
  const { NO_COLOR, FORCE_COLOR } = process.env;
  const interactive = process.stdout.isTTY === true;
  const color = NO_COLOR ? false : FORCE_COLOR ? FORCE_COLOR !== '0' : interactive;
  return {
    out: text => void process.stdout.write(text),
    err: text => void process.stderr.write(text),
    log: isFile(process.stdout.fd) ? logToFile : text => void process.stdout.write(text),
    interactive,
    paint: paintWith(color),
    ...(interactive && process.stdin.isTTY === true && { ask }),
  };
}

async function ask(question: string): Promise<string> {
  const { createInterface } = await import('node:readline/promises');
  const reader = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return (await reader.question(question)).trim();
  } finally {
    reader.close();
  }
}

function isFile(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isFile();
  } catch {
    return false;
  }
}

/** Past Node's stream, which ends with the first error. A disk that is full is just what there is much to say of. */
function logToFile(text: string): void {
  try {
    writeSync(process.stdout.fd, text);
  } catch (error) {
    if (!diskFull.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}
