import { join } from 'node:path';
import { OwnedProcess } from './child-process.ts';
import { eventually, Hopeless } from './waiting.ts';

/** Also where the server has to be installed first. */
const startMsMax = 300_000;
const stopMsMax = 10_000;
const root = join(import.meta.dirname, '..', '..', '..');

export type ServerName = 'postgres' | 'mysql' | 'mariadb' | 'mongodb' | 'redis' | 'elasticsearch';

/** A server that the demo uses, started by it or there already. Disposing ends one that was started. */
export type Server = AsyncDisposable & { readonly url: string; readonly what: string };

/**
 * The server that the environment names (DEMO_REDIS_URL, DEMO_ELASTICSEARCH_URL ...), or else a real one of the demo's own: found on this machine or
 * installed, as the tests have it. Rejects with what is missing where it can't be had.
 */
export async function serverOf(name: ServerName, abort: AbortSignal): Promise<Server> {
  const variable = `DEMO_${name.toUpperCase()}_URL`;
  const url = process.env[variable];
  if (url) return { url, what: `${name} at ${new URL(url).host}`, [Symbol.asyncDispose]: async () => {} };
  const owned = new OwnedProcess(name, process.execPath, ['test/services/serve.ts', name], { cwd: root });
  try {
    return await eventually(startMsMax, abort, async () => {
      const ready = /^ready (\S+) (.+)$/m.exec(owned.said);
      if (ready) return { url: ready[1]!, what: ready[2]!, [Symbol.asyncDispose]: () => owned.stop('SIGTERM', stopMsMax) };
      const hint = name === 'postgres' ? '' : `\nName one that runs in ${variable}, or leave ${name} out.`;
      if (!owned.alive) throw new Hopeless(`There is no ${name} to be had here: ${owned.said}${hint}`);
      throw new Error(`${name} has not answered within ${startMsMax / 1000} s: ${owned.said}`);
    });
  } catch (error) {
    await owned.stop('SIGTERM', stopMsMax);
    throw error;
  }
}
