import { createInterface } from 'node:readline';
import { SluiceError } from '../contract/index.ts';

const [enter, lineFeed, interrupt, endOfText, backspace, erase] = ['\r', '\n', '\u0003', '\u0004', '\b', '\u007f'];

/** Asks for a password on the terminal, showing nothing of it. Rejects where it is interrupted. */
export async function askPassword(question: string): Promise<string> {
  const { stdin, stderr } = process;
  stderr.write(question);
  stdin.setRawMode(true);
  stdin.resume();
  try {
    return await new Promise<string>((resolve, reject) => {
      let typed = '';
      stdin.on('data', function read(chunk: Buffer) {
        for (const character of chunk.toString('utf8')) {
          if (character === enter || character === lineFeed || character === endOfText) {
            stdin.off('data', read);
            return resolve(typed);
          }
          if (character === interrupt) {
            stdin.off('data', read);
            return reject(new SluiceError('BAD_REQUEST', 'No password was given.', { remedy: 'Type it, or pipe it in.' }));
          }
          typed = character === backspace || character === erase ? typed.slice(0, -1) : typed + character;
        }
      });
    });
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
    stderr.write('\n');
  }
}

/** The first line that is piped into the command. */
export async function readPassword(): Promise<string> {
  const lines = createInterface({ input: process.stdin });
  try {
    for await (const line of lines) return line;
    return '';
  } finally {
    lines.close();
  }
}
