import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { MailOrder } from './mail-sink.ts';

/** A mail server in another process. */
export class Mail {
  readonly url: string;
  readonly #child: ChildProcess;
  /** Orders run one at a time, because an answer does not say to which order it belongs. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(url: string, child: ChildProcess) {
    this.url = url;
    this.#child = child;
  }

  static async start(): Promise<Mail> {
    const child = spawn(process.execPath, [fileURLToPath(new URL('./mail-sink.ts', import.meta.url))], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const [url] = (await once(child, 'message')) as [string];
    return new Mail(url, child);
  }

  /** Number of addresses that have a mail. */
  reached(): Promise<number> {
    return this.#order<number>('reached');
  }

  /** Number of mails of each address. */
  async books(): Promise<Map<string, number>> {
    return new Map(await this.#order<[string, number][]>('books'));
  }

  async cut(): Promise<void> {
    await this.#order('cut');
  }

  async delay(delayMs: number): Promise<void> {
    await this.#order({ delayMs });
  }

  async end(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.disconnect();
    await ended;
  }

  #order<T>(order: MailOrder): Promise<T> {
    const answer = this.#last.then(async () => {
      this.#child.send(order);
      const [said] = (await once(this.#child, 'message')) as [T];
      return said;
    });
    this.#last = answer.catch(() => undefined);
    return answer;
  }
}
