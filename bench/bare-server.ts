import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface BareServer {
  url: string;
  stop(): Promise<void>;
}

/** Starts one of the servers that a bench compares with, as a process. `file`: its name in this folder. */
export async function startBareServer(file: string): Promise<BareServer> {
  const child = spawn(process.execPath, [fileURLToPath(new URL(file, import.meta.url))], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const url = await new Promise<string>((said) =>
    child.stdout.once('data', (line: Buffer) => said(line.toString().trim())),
  );
  return {
    url,
    async stop() {
      const ended = new Promise((done) => child.once('exit', done));
      child.stdin.end();
      await ended;
    },
  };
}
