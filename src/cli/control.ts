import type { Command, CommandInput } from './command-line.ts';
import { callWorker, workerUrl } from './rest-client.ts';

/** A command that is one call of a running worker. */
function control(method: 'PUT' | 'POST', path: (name: string, input: CommandInput) => string, done: (name: string) => string): Command {
  return async input => {
    const [name = ''] = input.positionals;
    const url = await workerUrl(input);
    await callWorker(url, method, path(encodeURIComponent(name), input));
    input.terminal.out(`${done(name)}\n`);
    return 0;
  };
}

export const pause = control(
  'PUT',
  name => `/connectors/${name}/pause`,
  name => `${name} is being paused; sluice status ${name} tells when it is.`,
);
export const resume = control(
  'PUT',
  name => `/connectors/${name}/resume`,
  name => `${name} is being resumed.`,
);
export const stop = control(
  'PUT',
  name => `/connectors/${name}/stop`,
  name => `${name} is being stopped; its offsets stay.`,
);
export const restart = control(
  'POST',
  (name, input) => `/connectors/${name}/restart?includeTasks=true&onlyFailed=${input.on('only-failed')}`,
  name => `${name} is being restarted.`,
);
