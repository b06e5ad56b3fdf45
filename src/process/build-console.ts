import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { projectFolder } from '../lib/project/project-folder.ts';

const script = join(projectFolder, 'scripts/build-console.ts');
/** Runs beside the server, whose requests go first. */
const NICE = ['-n', '10'];
const LONGEST_OUTPUT = 4_000;

/**
 * Builds the console in a process of its own, if its sources changed since the last build. The server answers meanwhile.
 * Returns what ends the build. An installed package has the console as it was built, and no sources.
 */
export function buildConsole(log: Logger): () => Promise<void> {
  if (!existsSync(script)) return async () => undefined;
  const child = spawn('nice', [...NICE, process.execPath, script], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      said = `${said}${chunk.toString('utf8')}`.slice(-LONGEST_OUTPUT);
    });
  const ended = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      log.error({ err: error }, 'the console cannot be built');
      resolve();
    });
    child.once('close', (code, signal) => {
      if (code !== 0 && signal === null) log.error({ said }, 'the console could not be built');
      else if (said !== '') log.info({ said: said.trim() }, 'the console');
      resolve();
    });
  });
  return async () => {
    child.kill();
    await ended;
  };
}
