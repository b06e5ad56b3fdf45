import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';
import type { ProviderName } from '../src/simulate/all.ts';
import type { Counts } from '../src/simulate/ledger.ts';

export const SEGMENT = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a17';

/** `cresset simulate` as anybody runs it: over TLS, in a process of its own. */
export interface BenchSimulator {
  url: string;
  /** A workspace file with its app and a segment of everybody. */
  workspace: string;
  /** For NODE_EXTRA_CA_CERTS. */
  certificate: string;
  counts(): Promise<Counts>;
  /** Forgets what was counted. */
  reset(): Promise<void>;
  setFaults(faults: Record<string, unknown>): Promise<void>;
  /** Accepted how often, by target, of all that were tried. */
  targets(): Promise<Map<string, number>>;
  stop(): Promise<void>;
}

export async function startBenchSimulator(provider: ProviderName): Promise<BenchSimulator> {
  const folder = mkdtempSync(join(tmpdir(), 'cresset-simulator-'));
  const options = ['--port', '0', '--control-port', '0', '--keep', '0', '--decrypt-every', '1000', '--tls', '--json'];
  const child = spawn(
    process.execPath,
    [
      fileURLToPath(new URL('../src/main.ts', import.meta.url)),
      'simulate',
      provider,
      '--workspace',
      folder,
      ...options,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const said = await firstJson(child);
  const workspace = join(folder, 'bench.yaml');
  writeFileSync(workspace, benchWorkspace(readFileSync(join(folder, 'workspace.yaml'), 'utf8')));
  const call = async (method: 'GET' | 'POST', path: string, body?: object) => {
    const response = await fetch(`${said.control}/__sim/${path}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
    return response;
  };
  return {
    url: said[provider] ?? '',
    workspace,
    certificate: join(folder, 'certificate.pem'),
    async counts() {
      const counts = (await (await call('GET', 'counts')).json()) as Record<string, Counts>;
      const [only] = Object.values(counts);
      if (only === undefined) throw new Error('the simulator counts nothing');
      return only;
    },
    async reset() {
      await call('POST', 'reset');
    },
    async setFaults(faults) {
      await call('POST', 'faults', faults);
    },
    async targets() {
      const text = await (await call('GET', 'targets')).text();
      const lines = text.split('\n').filter((line) => line !== '');
      return new Map(
        lines.map((line): [string, number] => {
          const [, accepted, , target = ''] = line.split('\t');
          return [target, Number(accepted)];
        }),
      );
    },
    async stop() {
      const ended = new Promise((done) => child.once('exit', done));
      child.kill('SIGTERM');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** With a segment of everybody, and without Google's quota of 10,000 a second, which would be all that is measured. */
function benchWorkspace(simulated: string): string {
  const { apps } = parse(simulated) as { apps: { fcm?: object }[] };
  const unlimited = apps.map(({ fcm, ...app }) => ({ ...app, ...(fcm && { fcm: { ...fcm, calls_per_minute: 1e8 } }) }));
  return stringify({ apps: unlimited, segments: [{ id: SEGMENT, name: 'Everybody', filter: null }] });
}

/** The answer of `--json`, over several lines. */
function firstJson(child: ChildProcess): Promise<Record<string, string>> {
  return new Promise((said, failed) => {
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.endsWith('}\n')) said(JSON.parse(text) as Record<string, string>);
    });
    child.once('exit', (code) => failed(new Error(`the simulator ended with ${code}`)));
  });
}
