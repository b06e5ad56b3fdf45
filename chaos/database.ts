import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pause, untilTrue } from '../rig/waiting.ts';
import { type EmbeddedDatabase, startEmbedded } from '../src/db/embedded/embedded.ts';

/** How PostgreSQL stops. `fast`: it ends its sessions. `immediate`: it crashes, and recovers at the next start. */
export type StopMode = 'fast' | 'immediate';

const signals = { fast: 'SIGINT', immediate: 'SIGQUIT' } as const;
const STOP_PATIENCE_MS = 30_000;

/** A PostgreSQL that flushes to disk, belongs to no server, and can be stopped and restarted. */
export class ChaosDatabase {
  readonly url: string;
  readonly #folder: string;
  #running: EmbeddedDatabase | null;

  private constructor(folder: string, running: EmbeddedDatabase) {
    this.#folder = folder;
    this.#running = running;
    this.url = running.url;
  }

  static async start(): Promise<ChaosDatabase> {
    const folder = mkdtempSync(join(tmpdir(), 'cresset-chaos-'));
    return new ChaosDatabase(folder, await startEmbedded({ dataDir: folder }));
  }

  async restart(mode: StopMode, downMs: number): Promise<void> {
    await this.halt(mode);
    await pause(downMs);
    await this.begin();
  }

  async halt(mode: StopMode): Promise<void> {
    const pidFile = join(this.#folder, 'postgres', 'postmaster.pid');
    this.#running = null;
    process.kill(Number(readFileSync(pidFile, 'utf8').split('\n')[0]), signals[mode]);
    await untilTrue('PostgreSQL to stop', STOP_PATIENCE_MS, () => !existsSync(pidFile));
  }

  async begin(): Promise<void> {
    this.#running = await startEmbedded({ dataDir: this.#folder });
  }

  async end(): Promise<void> {
    if (this.#running === null) await this.begin(); // restart it so that it can stop in order
    await this.#running?.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
