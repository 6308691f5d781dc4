import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CompareOptions } from './compare.ts';

/** What `case.json` holds. */
type CaseFile = CompareOptions & {
  readonly engine: 'postgres' | 'mysql' | 'mongodb';
  /** Fixed, so that topic names and records are the same in every recording. */
  readonly database: string;
  readonly about: string;
  /** The connector's options, without its connection. */
  readonly config: Readonly<Record<string, string>>;
  /** Overrides `config` where the reference records; null removes an option. */
  readonly reference?: Readonly<Record<string, string | null>>;
};

/** A case of the corpus: a database, changes, a connector's config, and the records that Debezium published for them. */
export type Case = CaseFile & {
  readonly name: string;
  /** Statements for the empty database, run before the connector starts. */
  readonly setup: readonly string[];
  /** Groups of statements; after each group all of it is published before the next one runs. */
  readonly workload: readonly (readonly string[])[];
  /** A line a record. */
  readonly golden: readonly string[];
};

export const casesFolder = join(import.meta.dirname, 'cases');

/** A script's statements: what stands between lines holding only `--;`, each sent as one query (one implicit transaction). */
function statements(script: string): string[] {
  return script.split(/^--;\s*$/m).filter(statement => statement.trim());
}

function lines(text: string): string[] {
  return text.split('\n').filter(line => line.trim());
}

/** A database command a line, as extended JSON; `//` begins a comment. */
function commands(script: string): string[] {
  return lines(script).filter(line => !line.startsWith('//'));
}

/** Reads a case. */
export function readCase(name: string): Case {
  const text = (file: string) => {
    const path = join(casesFolder, name, file);
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  };
  const file = JSON.parse(text('case.json')) as CaseFile;
  const [extension, read] = file.engine === 'mongodb' ? ['ejson', commands] : ['sql', statements];
  return {
    ...file,
    name,
    setup: read(text(`setup.${extension}`)),
    workload: text(`workload.${extension}`)
      .split(/^(?:--;|\/\/) settle\s*$/m)
      .map(read),
    golden: lines(text('golden.ndjson')),
  };
}

/** The names of all cases. */
export function caseNames(): string[] {
  return readdirSync(casesFolder).sort();
}
