import { runCommandLine } from '../../src/cli/command-line.ts';
import { paintWith } from '../../src/cli/terminal.ts';

/** What a command left. */
export type CommandRun = { readonly code: number; readonly out: string; readonly err: string };

/** Runs a command as a script would see it (no terminal, no colours), or, with `answers`, as a person who gives these answers would. */
export async function runCommand(args: readonly string[], answers: readonly string[] | null = null): Promise<CommandRun> {
  const [out, err] = [[] as string[], [] as string[]];
  const left = [...(answers ?? [])];
  const code = await runCommandLine(args, {
    out: text => out.push(text),
    err: text => err.push(text),
    log: text => out.push(text),
    interactive: false,
    paint: paintWith(false),
    ...(answers !== null && {
      ask: async (question: string) => {
        out.push(question);
        const answer = left.shift();
        if (answer === undefined) throw new Error(`Nobody answers: ${question}`);
        return answer;
      },
    }),
  });
  return { code, out: out.join(''), err: err.join('') };
}
