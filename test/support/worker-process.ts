import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { TestApp } from './app.ts';

/** What a worker in another process is told to do. */
export type WorkerOrder = { what: 'advance'; ms: number } | { what: 'idle' } | { what: 'stop' };

/** A worker in another process, on the database of an app, with a clock that stands where the app's does. */
export class WorkerProcess {
  /** The id under which it leases tasks. */
  readonly id: string;
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #orders = 0;
  readonly #waiting = new Map<number, () => void>();

  private constructor(child: ChildProcess, ended: Promise<unknown>, id: string) {
    this.id = id;
    this.#child = child;
    this.#ended = ended;
    child.on('message', (answer: { done?: number }) => this.#waiting.get(answer.done ?? 0)?.());
  }

  /** Starts one. It is stopped when the test ends, unless it was killed. */
  static async start(app: TestApp): Promise<WorkerProcess> {
    const path = fileURLToPath(new URL('./clocked-worker.ts', import.meta.url));
    const env = {
      ...process.env,
      WORKER_DATABASE: app.databaseUrl,
      WORKER_SECRET: app.secret,
      WORKER_STARTS_AT: app.clock.now().toISOString(),
    };
    const child = fork(path, { env, execArgv: [] });
    const ended = once(child, 'exit');
    const [first] = await Promise.race([once(child, 'message'), ended]);
    if (typeof first?.started !== 'string') throw new Error(`the worker ended with ${first}`);
    const worker = new WorkerProcess(child, ended, first.started);
    app.beforeClose(() => worker.#stop());
    return worker;
  }

  async tell(order: WorkerOrder): Promise<void> {
    this.#orders += 1;
    const number = this.#orders;
    const done = new Promise<void>((resolve) => this.#waiting.set(number, resolve));
    this.#child.send({ ...order, number });
    await Promise.race([done, this.#ended.then(() => Promise.reject(new Error('the worker has ended')))]);
    this.#waiting.delete(number);
  }

  /** Ends it at once, in the middle of whatever it does. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  async #stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.send({ what: 'stop', number: 0 });
    await this.#ended;
  }
}
