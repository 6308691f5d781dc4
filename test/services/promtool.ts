import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { debianProgram } from './debian-package.ts';

/** Runs Prometheus' own checker, with `input` as its standard input. Rejects with what it found. `TEST_PROMTOOL` names another one. */
export async function promtool(args: readonly string[], input = ''): Promise<string> {
  const program = process.env['TEST_PROMTOOL'] ?? (await debianProgram('/usr/bin/promtool', 'prometheus', 'TEST_PROMTOOL'));
  const running = promisify(execFile)(program, [...args]);
  running.child.stdin?.end(input);
  const { stdout, stderr } = await running.catch(({ stdout, stderr }: { stdout: string; stderr: string }) => {
    throw new Error(`promtool ${args.join(' ')}: ${stdout}${stderr}`);
  });
  return stdout + stderr;
}
