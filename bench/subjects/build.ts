import { execFile } from 'node:child_process';
import { cp, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ScratchFolder } from '../../test/support/scratch-folder.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '..', '..');

/** The package as a user has it, in a folder of its own, so that what is built or edited meanwhile changes nothing. */
export class BuiltPackage implements Disposable {
  readonly #scratch: ScratchFolder;
  /** What npm links as the command `sluice`. */
  readonly command: string;

  private constructor(scratch: ScratchFolder) {
    this.#scratch = scratch;
    this.command = scratch.file('src', 'sluice.js');
  }

  /**
   * Builds the sources as they are, or a commit, with the packages that are installed; then runs the command once, since a first start
   * compiles what later ones find compiled. Throws with what the build said.
   */
  static async make(commit: string | null): Promise<BuiltPackage> {
    const scratch = new ScratchFolder('bench-package');
    try {
      await symlink(join(root, 'node_modules'), scratch.file('node_modules'));
      await (commit === null ? buildFiles(scratch) : buildCommit(scratch, commit));
      const built = new BuiltPackage(scratch);
      await run(process.execPath, [built.command, '--version']);
      return built;
    } catch (error) {
      scratch[Symbol.dispose]();
      const { stdout, stderr } = error as { stdout?: string; stderr?: string };
      throw new Error(`The build that is to be measured failed; \`npm run check\` shows why.\n${stdout ?? ''}${stderr ?? ''}`, {
        cause: error,
      });
    }
  }

  [Symbol.dispose](): void {
    this.#scratch[Symbol.dispose]();
  }
}

async function buildFiles(scratch: ScratchFolder): Promise<void> {
  await run(process.execPath, [join(root, 'src', 'build.ts'), scratch.file('dist')]);
  const { files }: { files: readonly string[] } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  for (const file of ['package.json', ...files]) {
    if (file !== 'dist') await cp(join(root, file), scratch.file(file), { recursive: true });
  }
}

async function buildCommit(scratch: ScratchFolder, commit: string): Promise<void> {
  const archive = scratch.file('commit.tar');
  await run('git', ['archive', '--output', archive, commit], { cwd: root });
  await run('tar', ['-xf', archive, '-C', scratch.path]);
  await run(process.execPath, [scratch.file('src', 'build.ts')]);
}
