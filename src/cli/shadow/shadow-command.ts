import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Command } from 'commander';
import { commandVariables } from '../../config/command-variables.ts';
import { namingTrouble } from '../../http/listen.ts';
import { openReport, type Report } from '../../shadow/report.ts';
import { createShadow, type Shadow } from '../../shadow/shadow.ts';
import type { Terminal } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';
import { summaryText } from './summary-text.ts';

interface ShadowCommandOptions {
  upstream: string;
  cresset: string;
  host: string;
  port: string;
  report: string;
  bodies?: boolean;
  buffer: string;
  summaryEvery?: string;
  json?: boolean;
}

const { shadowKey: KEY } = commandVariables;
/** What is under way when the command is stopped has this long to end. */
const GRACE_MS = 10_000;
const MEBIBYTE = 1024 * 1024;

/** `untilStopped` resolves when the proxy is to stop. Default: when the process gets a signal. */
export function shadowCommand(terminal: Terminal, untilStopped: () => Promise<unknown> = stopSignal): Command {
  return new Command('shadow')
    .description('pass requests on to the original, do the same in a running Cresset, and report where the two differ')
    .requiredOption('--upstream <url>', 'the original, such as https://rest.iad-01.braze.com')
    .option('--cresset <url>', `the Cresset to compare with; ${KEY} holds its key`, 'http://127.0.0.1:8080')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <port>', 'port to listen on (0: any)', '8090')
    .option('--report <file>', 'file to which differences are appended, one JSON object a line', 'shadow.ndjson')
    .option('--bodies', 'write queries and bodies into the report, which are personal data')
    .option('--buffer <mebibytes>', 'most memory for requests that wait for being compared', '64')
    .option('--summary-every <seconds>', 'print the summary this often (SIGUSR2 prints it, too)')
    .option('--json', 'print summaries as JSON, one a line')
    .addHelpText('after', help)
    .action(async (options: ShadowCommandOptions) => {
      const stopped = untilStopped();
      await run(options, terminal, stopped);
    });
}

async function run(options: ShadowCommandOptions, terminal: Terminal, stopped: Promise<unknown>): Promise<void> {
  const port = readNumber('--port', options.port, 0, 65_535);
  const every = options.summaryEvery && readNumber('--summary-every', options.summaryEvery, 1, 86_400) * 1_000;
  const shadow = await start(options, terminal);
  const print = () => {
    const summary = shadow.summary();
    terminal.print(options.json ? JSON.stringify(summary) : summaryText(summary));
  };
  const timer = every ? setInterval(print, every) : undefined;
  process.on('SIGUSR2', print);
  try {
    terminal.printError(`Passing requests on from ${await listen(shadow, options.host, port)} to ${options.upstream}`);
    await stopped;
  } finally {
    process.off('SIGUSR2', print);
    clearInterval(timer);
    await shadow.stop(GRACE_MS);
  }
  print();
}

async function start(options: ShadowCommandOptions, terminal: Terminal): Promise<Shadow> {
  const read = {
    upstream: readOrigin('--upstream', options.upstream),
    cresset: { url: readOrigin('--cresset', options.cresset), key: readKey(terminal) },
    bodies: options.bodies ?? false,
    bufferBytes: readNumber('--buffer', options.buffer, 1, 65_536) * MEBIBYTE,
    onTrouble: (error: Error) => terminal.printError(`A request could not be compared: ${error.message}`),
  };
  const report = await openReportFile(options.report, terminal);
  try {
    return await createShadow({ ...read, report });
  } catch (error) {
    await report.close();
    throw error;
  }
}

async function openReportFile(path: string, terminal: Terminal): Promise<Report> {
  try {
    return await openReport(path, ({ message }) => terminal.printError(`--report ${path}: ${message}`));
  } catch (error) {
    throw new UsageError(`--report ${path}: ${(error as Error).message}`);
  }
}

async function listen({ server }: Shadow, host: string, port: number): Promise<string> {
  await namingTrouble({ host, port, variable: '--port' }, async () => {
    server.listen({ host, port });
    await once(server, 'listening');
  });
  const { address, port: taken, family } = server.address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${taken}`;
}

function readKey({ env }: Terminal): string {
  const key = env[KEY];
  if (key !== undefined && /^[\x21-\x7e]+$/.test(key)) return key;
  throw new UsageError(
    `${KEY}: expected an API key of the Cresset, got ${key === undefined ? 'nothing' : 'other characters'}`,
  );
}

function readOrigin(option: string, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isOrigin =
    url !== null && /^https?:$/.test(url.protocol) && url.pathname === '/' && url.search + url.hash === '';
  if (isOrigin && url.username + url.password === '') return url;
  throw new UsageError(`${option}: expected a URL such as https://rest.example.com, without path, query and name`);
}

function readNumber(option: string, text: string, least: number, most: number): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new UsageError(`${option} ${text}: expected a whole number from ${least} to ${most}`);
}

function stopSignal(): Promise<unknown> {
  return Promise.race(['SIGINT', 'SIGTERM'].map((signal) => once(process, signal)));
}

const help = `
Writes to people are done in the Cresset, too; sends are only tried there (a dry run); reads are compared. Callers get what the
original answers, whatever Cresset does. docs/shadow.md says what the report holds.

Examples:
  ${KEY}=… cresset shadow --upstream https://rest.iad-01.braze.com
  kill -USR2 <pid>`;
