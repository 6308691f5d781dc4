import { access, constants } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { SluiceError } from '../../src/contract/index.ts';

/** That a SQLite file can be written, or made where it is to be. Throws TARGET_REFUSED. */
export async function checkWritable(file: string): Promise<void> {
  const path = resolve(file);
  const writable = (target: string, mode: number) =>
    access(target, mode).then(
      () => null,
      (error: NodeJS.ErrnoException) => error.code ?? error.message,
    );
  const folder = await writable(dirname(path), constants.W_OK | constants.X_OK);
  if (folder !== null) throw refused(file, `its folder ${folder === 'ENOENT' ? 'is not there' : `cannot be written (${folder})`}`);
  const fault = await writable(path, constants.R_OK | constants.W_OK);
  if (fault !== null && fault !== 'ENOENT') throw refused(file, `it cannot be written (${fault})`);
}

function refused(file: string, why: string): SluiceError {
  return new SluiceError('TARGET_REFUSED', `The SQLite file ${file} cannot be used: ${why}.`, {
    remedy: 'Make the folder, or give this user the right to write there.',
  });
}
