import { audienceChecks } from './audience/grammar/check-filter.ts';
import { runProgram } from './cli/program.ts';
import { messageChecks } from './dispatch/plan/campaign-content.ts';
import { serve } from './process/serve.ts';

const unread = new AbortController();
// `| head` ends before we do: whatever else we print is for nobody, and that is no error.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    unread.abort();
  });
}

process.exitCode = await runProgram(
  process.argv.slice(2),
  { serve, ...audienceChecks, ...messageChecks },
  {
    env: process.env,
    print: (text) => process.stdout.write(`${text}\n`),
    printError: (text) => process.stderr.write(`${text}\n`),
    ...(process.stderr.isTTY && { redraw: (line: string) => process.stderr.write(`\r\x1b[2K${line}`) }),
    unread: unread.signal,
  },
);
// The IPC channel to the process that started us would keep this one alive.
if (process.connected) process.disconnect?.();
