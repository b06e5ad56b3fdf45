import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { type Config, ConfigError, readConfig } from '../config.ts';
import { throwAwayFolder } from '../db/embedded/throw-away.ts';
import { providerNames, type Simulators, startSimulators } from '../simulate/all.ts';
import { noFaults } from '../simulate/faults.ts';
import { chatsGroupId, credentialsOf, writeWorkspace } from '../simulate/workspace-folder.ts';
import { variablesOf } from '../workspace/file/apply-file.ts';
import { announceDev } from './dev-announcement.ts';
import type { Terminal } from './terminal.ts';
import { UsageError } from './usage-error.ts';

/** The key of every `cresset dev`, with every permission, and the password of its console. It is no secret: the server answers only this machine. */
export const DEV_KEY = 'cresset-dev';

const anyPorts = { fcm: 0, apns: 0, adm: 0, 'web-push': 0, twilio: 0, whatsapp: 0, smtp: 0, control: 0 };

const LOOPBACK = ['127.0.0.1', '::1', 'localhost'];

/** Serves data that nobody keeps until the process is told to stop. */
export type ServeThrowAway = (
  config: Config,
  options: { json: boolean; env: Terminal['env']; throwAway: { onListening(url: string): Promise<void> } },
) => Promise<void>;

interface DevOptions {
  port?: string;
  workspace?: string;
  json?: boolean;
}

export function devCommand(serve: ServeThrowAway, terminal: Terminal): Command {
  return new Command('dev')
    .description(`start a server to try things on: throw-away data, simulators, and the key "${DEV_KEY}"`)
    .option('--port <port>', 'port to listen on (default: PORT, or 8080; 0: any)')
    .option(
      '--workspace <file>',
      'a workspace file to apply instead of the simulators; its providers are called for real',
    )
    .option('--json', 'print the addresses and the key as JSON')
    .addHelpText('after', help)
    .action(async (options: DevOptions) => dev(serve, options, terminal));
}

/** The folder is deleted at the end, whatever happens, and also if this process is killed. */
async function dev(serve: ServeThrowAway, options: DevOptions, terminal: Terminal): Promise<void> {
  const given = readDevConfig(options, terminal.env);
  const folder = throwAwayFolder('cresset-dev-');
  let simulators: Simulators | null = null;
  try {
    const port = given.port === 0 ? await freePort(given.host) : given.port;
    const config = { ...given, dataDir: folder.path, port, smtpPort: given.smtpPort ?? (await freePort(given.host)) };
    if (config.workspaceFile === null) simulators = await simulate(folder.path, config);
    const workspaceFile = config.workspaceFile ?? join(folder.path, 'workspace.yaml');
    const person = simulators === null ? null : readFileSync(join(folder.path, 'track.json'), 'utf8');
    const facts = { key: DEV_KEY, dataDir: folder.path, person, simulators };
    const throwAway = { onListening: (url: string) => announceDev({ ...facts, url }, options.json, terminal) };
    await serve({ ...config, workspaceFile }, { json: options.json ?? false, env: terminal.env, throwAway });
  } finally {
    await simulators?.stop();
    await folder.remove();
  }
}

/** The settings of the environment, but for those of data and keys, which are this command's own. Throws ConfigError. */
function readDevConfig({ port, workspace }: DevOptions, env: Terminal['env']): Config {
  const config = readConfig(env, variablesOf(env.CRESSET_WORKSPACE));
  if (!LOOPBACK.includes(config.host)) {
    const problem = `HOST: expected ${LOOPBACK.join(' or ')}, because everybody knows the key of cresset dev; unset it, or use cresset serve`;
    throw new ConfigError([problem]);
  }
  return {
    ...config,
    port: port === undefined ? config.port : readPort(port),
    ...{
      databaseUrl: null,
      apiKey: DEV_KEY,
      adminPassword: DEV_KEY,
      secret: null,
      roles: ['api', 'worker'],
      healthPort: null,
    },
    workspaceFile: workspace === undefined ? null : resolve(workspace),
    logLevel: (env.CRESSET_LOG_LEVEL ?? '') === '' ? 'warn' : config.logLevel,
  };
}

function readPort(text: string): number {
  const value = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (value <= 65_535) return value;
  throw new UsageError(`--port ${text}: expected a whole number from 0 to 65535`);
}

/** Starts all simulators, and writes the workspace file and the person that use them. */
async function simulate(folder: string, { host, port, smtpPort }: Config): Promise<Simulators> {
  const credentials = credentialsOf(folder);
  const server = host === '::1' ? '[::1]' : host;
  const simulators = await startSimulators(providerNames, {
    ...{ host: '127.0.0.1', tls: false, credentials, faults: noFaults },
    ports: anyPorts,
    ...{ seed: 1, keep: 1_000, decryptEvery: 1, inboundUrl: null },
    whatsAppCallbackUrl: `http://${server}:${port}/callbacks/whats_app/${chatsGroupId}`,
    mail: { service: null, eventsUrl: null, reportsUrl: `smtp://${server}:${smtpPort}` },
  });
  writeWorkspace(folder, simulators.started, credentials);
  return simulators;
}

/** A port that is free now. The simulators must know the server's port before it listens. */
async function freePort(host: string): Promise<number> {
  const server = createServer();
  await new Promise<void>((done, failed) => server.once('error', failed).listen(0, host, done));
  const address = server.address();
  await new Promise((done) => server.close(done));
  if (address === null || typeof address === 'string') throw new Error('the probe listens on no port');
  return address.port;
}

const help = `
The data, the database and the simulators end with the command. DATABASE_URL, CRESSET_DATA_DIR, CRESSET_SECRET,
CRESSET_API_KEY, CRESSET_ADMIN_PASSWORD and CRESSET_WORKSPACE are ignored. Without --workspace, webhooks go to the sandbox, and mails, push,
texts and WhatsApp to simulators. docs/testing.md says more.

Examples:
  cresset dev
  cresset dev --port 0 --json
  cresset dev --workspace workspace.yaml`;
