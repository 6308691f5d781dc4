import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';

/** One of the processes beside the harness, with messages in both directions. Ends when it is disposed, or with this process. */
export class HelperProcess<Task extends object, Message extends { readonly kind: string }> implements Disposable {
  readonly #child: ChildProcess;
  readonly #name: string;

  constructor(name: 'writer' | 'reader' | 'observer') {
    this.#name = name;
    this.#child = fork(join(import.meta.dirname, `${name}.ts`), {
      serialization: 'advanced',
      execArgv: ['--disable-warning=TimeoutNegativeWarning'],
    });
  }

  give(task: Task): void {
    this.#child.send(task);
  }

  /** Waits for its message of that kind. Rejects where the process ends before, or when it takes longer. */
  answer<Kind extends Message['kind']>(kind: Kind, timeoutMs: number): Promise<Extract<Message, { readonly kind: Kind }>> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`The ${this.#name} said no '${kind}' within ${timeoutMs} ms`)), timeoutMs);
      this.#child.once('exit', code => {
        clearTimeout(timer);
        reject(new Error(`The ${this.#name} ended with ${code} before it said '${kind}'`));
      });
      const listen = (message: Extract<Message, { readonly kind: Kind }>) => {
        if (message.kind !== kind) return;
        clearTimeout(timer);
        this.#child.off('message', listen);
        resolve(message);
      };
      this.#child.on('message', listen);
    });
  }

  [Symbol.dispose](): void {
    this.#child.kill('SIGKILL');
  }
}
