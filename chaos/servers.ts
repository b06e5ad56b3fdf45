import { type ServerProcess, start } from '../rig/process.ts';
import { pause } from '../rig/waiting.ts';
import type { ServerName } from './plan.ts';

const START_PATIENCE_MS = 90_000;
const LINES_OF_LOG = 5;

/** Processes of `cresset serve`, which are restarted when they end, as a service manager does. */
export class Servers {
  readonly #env: Record<string, string>;
  readonly #workers: readonly ServerName[];
  readonly #up = new Map<ServerName, Promise<ServerProcess>>();
  readonly #wanted = new Set<ServerProcess>();
  /** Servers that ended by themselves after they had started. There must be none. */
  readonly crashes: string[] = [];
  /** Number of starts that failed, as they do while the database is away. */
  failedStarts = 0;

  constructor(env: Record<string, string>, workers: readonly ServerName[] = ['worker 1', 'worker 2']) {
    this.#env = env;
    this.#workers = workers;
  }

  start(name: ServerName, afterMs = 0): Promise<ServerProcess> {
    const up = pause(afterMs).then(() => this.#startPatiently(name));
    up.catch(() => undefined); // thrown to whoever awaits it
    this.#up.set(name, up);
    return up;
  }

  /** The process with this name, once it has started. */
  running(name: ServerName): Promise<ServerProcess> {
    return this.#up.get(name) ?? this.start(name);
  }

  /** Base URL of the API. */
  async url(): Promise<string> {
    return (await this.running('api')).url;
  }

  /** Kills a server, and restarts it after `downMs`. Resolves when it is dead. */
  async kill(name: ServerName, downMs: number): Promise<void> {
    await this.#end(await this.running(name), 'SIGKILL');
    void this.start(name, downMs);
  }

  /** Stops all running servers in order. */
  async stopAll(): Promise<void> {
    const running = [...this.#up.values()];
    this.#up.clear();
    for (const one of running) await this.#end(await one, 'SIGTERM');
  }

  async startAll(): Promise<void> {
    await this.start('api'); // it migrates the database and applies the workspace file
    await Promise.all(this.#workers.map((name) => this.start(name)));
  }

  /** Resolves when all servers are running again. */
  async allUp(): Promise<void> {
    await Promise.all(this.#up.values());
  }

  async #end(server: ServerProcess, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    this.#wanted.delete(server);
    await server.end(signal);
  }

  async #startPatiently(name: ServerName): Promise<ServerProcess> {
    const role = name === 'api' ? 'api' : 'worker';
    const deadline = performance.now() + START_PATIENCE_MS;
    for (;;) {
      const started = await start({ ...this.#env, CRESSET_ROLES: role });
      if ('child' in started) return this.#watch(name, started);
      this.failedStarts += 1;
      if (performance.now() > deadline) throw new Error(`${name} does not start: ${started.output}`);
      await pause(300);
    }
  }

  #watch(name: ServerName, server: ServerProcess): ServerProcess {
    this.#wanted.add(server);
    server.child.once('exit', (code, signal) => {
      if (!this.#wanted.delete(server)) return;
      const last = server.log().trim().split('\n').slice(-LINES_OF_LOG).join('\n');
      this.crashes.push(`${name} ended by itself (${code ?? signal}): ${last}`);
      void this.start(name);
    });
    return server;
  }
}
