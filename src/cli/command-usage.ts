/** Options of the command line, as node:util's parseArgs takes them. */
export type FlagSpec = { readonly type: 'string' | 'boolean'; readonly short?: string };

/** A command as the table in commands.ts describes it. */
export type CommandUsage = {
  readonly name: string;
  /** `run -c FILE` without the program's name. */
  readonly synopsis: string;
  readonly summary: string;
  /** What --help says below the synopsis: options and examples. */
  readonly help: string;
  readonly flags: Readonly<Record<string, FlagSpec>>;
  /** How many arguments it takes beside options. */
  readonly arguments: { readonly least: number; readonly most: number };
  /** Exit code 2 has a meaning of its own here: called wrongly is 1. */
  readonly misusedIsFailure?: true;
};

export const workerFlag = { config: { type: 'string', short: 'c' } } as const;
/** Where a running worker is and how to log in to it: of every command that calls one. */
export const urlFlag = {
  url: { type: 'string', short: 'u' },
  user: { type: 'string' },
  'token-file': { type: 'string' },
  ca: { type: 'string' },
  cert: { type: 'string' },
  key: { type: 'string' },
} as const;
export const restHelp = `  -u, --url URL        the worker's REST address (default: SLUICE_URL, or http://127.0.0.1:8083)
  -c, --config FILE    or the worker's file: its first listener is called
      --user NAME      who logs in (SLUICE_USER); the password is SLUICE_PASSWORD, or asked for
      --token-file F   or a file with a token (SLUICE_TOKEN: the token itself)
      --ca FILE        PEM file with the authority of the worker's certificate (SLUICE_CA)
      --cert FILE      PEM file with your own certificate (SLUICE_CERT), and its key:
      --key FILE       (SLUICE_KEY; default: the file of the certificate)`;
