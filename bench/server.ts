import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const KEY = 'a-key-for-the-benches';
export const SECRET = 'the secret of the benches, long enough';
export const APP = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a11';

export interface BenchServer {
  url: string;
  pid: number;
  dataDir: string;
  post(path: string, body: object): Promise<{ dispatch_id: string }>;
  get<T = Record<string, unknown>>(path: string): Promise<T>;
  /** Pauses or cancels a dispatch. False: it had already ended. */
  order(id: string, order: 'pause' | 'cancel'): Promise<boolean>;
  stop(): Promise<void>;
}

/**
 * Starts the server as operators run it: as a process with the embedded database, everything durable. `kept`: the data folder,
 * which stays. Without it, the folder is new and is removed at the end.
 */
export async function startBenchServer(
  workspaceYaml: string,
  env: Record<string, string> = {},
  kept: string | null = null,
): Promise<BenchServer> {
  const folder = kept ?? mkdtempSync(join(tmpdir(), 'cresset-bench-'));
  const workspace = join(folder, 'workspace.yaml');
  writeFileSync(workspace, workspaceYaml);
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL('../src/main.ts', import.meta.url)), 'serve', '--json'],
    {
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        ...(process.env.TMPDIR !== undefined && { TMPDIR: process.env.TMPDIR }),
        PORT: '0',
        CRESSET_DATA_DIR: folder,
        CRESSET_WORKSPACE: workspace,
        CRESSET_API_KEY: KEY,
        CRESSET_LOG_LEVEL: 'warn',
        ...env,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const url = await addressOf(child);
  const headers = { authorization: `Bearer ${KEY}` };
  return {
    url,
    pid: child.pid ?? Number.NaN,
    dataDir: folder,
    async post(path, body) {
      const response = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) });
      if (response.status !== 201) throw new Error(`${path}: ${response.status} ${await response.text()}`);
      return (await response.json()) as { dispatch_id: string };
    },
    async get<T>(path: string) {
      const response = await fetch(url + path, { headers });
      if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
      return (await response.json()) as T;
    },
    async order(id, order) {
      const response = await fetch(`${url}/dispatches/${id}/${order}`, { method: 'POST', headers, body: '{}' });
      if (!response.ok && response.status !== 409)
        throw new Error(`${order} of ${id}: ${response.status} ${await response.text()}`);
      return response.ok;
    },
    async stop() {
      const ended = new Promise((done) => child.once('exit', done));
      child.kill('SIGTERM');
      await ended;
      if (kept === null) rmSync(folder, { recursive: true, force: true });
    },
  };
}

function addressOf(child: ChildProcess): Promise<string> {
  return new Promise((said, failed) => {
    child.stdout?.once('data', (line: Buffer) => said((JSON.parse(line.toString()) as { url: string }).url));
    child.once('exit', (code) => failed(new Error(`the server ended with ${code}`)));
  });
}

export async function givenPeople(server: BenchServer, count: number): Promise<string[]> {
  const names = Array.from({ length: count }, (_, index) => `p${index}`);
  for (let at = 0; at < count; at += 75) {
    const attributes = names
      .slice(at, at + 75)
      .map((name) => ({ external_id: name, first_name: `Name ${name}`, email: `${name}@example.test`, points: 5 }));
    await server.post('/users/track', { attributes });
  }
  return names;
}
