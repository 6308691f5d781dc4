import { nearest, SluiceError } from '../contract/index.ts';
import type { Command, CommandInput } from './command-line.ts';

const actions: Readonly<Record<string, () => Promise<Command>>> = {
  list: async () => (await import('./saga-instances.ts')).listSagas,
  show: async () => (await import('./saga-instances.ts')).showSaga,
  retry: async () => (await import('./saga-instances.ts')).orderSaga,
  skip: async () => (await import('./saga-instances.ts')).orderSaga,
  compensate: async () => (await import('./saga-instances.ts')).orderSaga,
  simulate: async () => (await import('./saga-simulate.ts')).simulateSagaFile,
};

/** `sluice saga ACTION`: looks at sagas, decides for those that are stuck, tries a definition out. */
export async function saga(input: CommandInput): Promise<number> {
  const [action = ''] = input.positionals;
  const load = Object.hasOwn(actions, action) ? actions[action] : undefined;
  if (load !== undefined) return (await load())(input);
  const known = Object.keys(actions);
  const near = nearest(action, known);
  throw new SluiceError('BAD_REQUEST', `There is nothing like '${action}' to do with sagas${near ? `; did you mean '${near}'?` : '.'}`, {
    remedy: `Say one of ${known.join(', ')}.`,
  });
}
