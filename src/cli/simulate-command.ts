import { once } from 'node:events';
import { resolve } from 'node:path';
import { Command } from 'commander';
import { encodingProblem } from '../lib/encoding/url-encoding.ts';
import {
  type MailOptions,
  type ProviderName,
  providerNames,
  type Simulators,
  startSimulators,
} from '../simulate/all.ts';
import { makeCredentials } from '../simulate/credentials.ts';
import { type FaultPlan, readFaults } from '../simulate/faults.ts';
import { type MailService, mailServices } from '../simulate/smtp/service-events.ts';
import { chatsGroupId, credentialsOf, writeWorkspace } from '../simulate/workspace-folder.ts';
import { answer, type Terminal, table } from './terminal.ts';
import { UsageError } from './usage-error.ts';

interface SimulateOptions {
  host: string;
  port?: string;
  controlPort?: string;
  tls?: boolean;
  latency?: string;
  fault?: string[];
  dead?: string;
  goawayEvery?: string;
  tokenEndpoint?: string;
  slow?: string;
  seed: string;
  keep: string;
  decryptEvery: string;
  inboundUrl?: string;
  whatsappCallbacks: string;
  mailService: string;
  mailEvents?: string;
  mailReports: string;
  workspace?: string;
  json?: boolean;
}

const defaultPorts = {
  fcm: 8101,
  apns: 8102,
  adm: 8103,
  'web-push': 8104,
  twilio: 8105,
  whatsapp: 8106,
  smtp: 8107,
  control: 8100,
};

/** A server on this machine, with the subscription group that the written workspace file has. */
const ownCallbacks = `http://127.0.0.1:8080/callbacks/whats_app/${chatsGroupId}`;

/** The listener for bounce mails of a server on this machine with CRESSET_SMTP_PORT=2525. */
const OWN_LISTENER = 'smtp://127.0.0.1:2525';

/** `untilStopped` resolves when the stand-ins are to stop. Default: when the process gets a signal. */
export function simulateCommand(terminal: Terminal, untilStopped: () => Promise<unknown> = stopSignal): Command {
  return new Command('simulate')
    .description('run stand-ins for providers, with their protocols and checks, and faults on demand')
    .argument('<provider...>', `${providerNames.join(', ')}, or all`)
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <port>', 'port of the first provider; the others follow (default: 8101 and up; 0: any)')
    .option('--control-port <port>', 'port for reading counts and setting faults (default: 8100; 0: any)')
    .option('--tls', 'use TLS, with a self-signed certificate')
    .option('--latency <ms>', 'delay before every answer, such as 20 or 10-50')
    .option('-f, --fault <answer:share...>', 'a share of faults, such as 503:5%, 429:2%:retry-after=30 or reset:1%')
    .option('--dead <share>', 'share of targets that are dead from the beginning, such as 3%')
    .option('--goaway-every <requests>', 'send GOAWAY after this many requests on a connection')
    .option('--token-endpoint <answer>', 'answer that the token endpoint gives instead of tokens, such as 503')
    .option('--slow <ms>', 'delay of the answer "slow" (default: 5000)')
    .option('--seed <number>', "seed of the faults and of the browsers' subscriptions", '1')
    .option('--keep <messages>', 'number of latest messages that can be read', '1000')
    .option('--decrypt-every <messages>', 'web push: decrypt one message in this many', '1')
    .option('--inbound-url <url>', 'twilio: where texts from people are posted (default: beside the status callbacks)')
    .option('--whatsapp-callbacks <url>', 'whatsapp: where statuses and messages are posted', ownCallbacks)
    .option('--mail-service <name>', `smtp: whose webhooks are posted: ${mailServices.join(', ')} or none`, 'none')
    .option('--mail-events <url>', 'smtp: where they are posted (default: a server on this machine)')
    .option('--mail-reports <url>', 'smtp: where bounce mails and complaints go', OWN_LISTENER)
    .option('--workspace <folder>', 'write a ready workspace.yaml and its credentials there, and reuse them')
    .option('--json', 'print the addresses as JSON')
    .addHelpText('after', help)
    .action(async (providers: string[], options: SimulateOptions) => {
      const stopped = untilStopped();
      const simulators = await start(readProviders(providers), options, terminal);
      await stopped;
      await simulators.stop();
    });
}

async function start(names: readonly ProviderName[], options: SimulateOptions, terminal: Terminal) {
  const folder = options.workspace === undefined ? null : resolve(options.workspace);
  const credentials = folder === null ? makeCredentials() : credentialsOf(folder);
  const simulators = await startSimulators(names, {
    ...{ host: options.host, tls: options.tls ?? false, credentials, faults: readPlan(options) },
    ports: readPorts(names, options),
    seed: readNumber('--seed', options.seed, 0, 2 ** 31 - 1),
    keep: readNumber('--keep', options.keep, 0, 1_000_000),
    decryptEvery: readNumber('--decrypt-every', options.decryptEvery, 1, 1_000_000),
    inboundUrl: readUrl('--inbound-url', options.inboundUrl),
    whatsAppCallbackUrl: readUrl('--whatsapp-callbacks', options.whatsappCallbacks),
    mail: readMail(options),
  });
  const files = folder === null ? [] : writeWorkspace(folder, simulators.started, credentials);
  announce(simulators, folder, files, options.json, terminal);
  return simulators;
}

function announce(
  { started, controlUrl }: Simulators,
  folder: string | null,
  files: readonly string[],
  asJson: boolean | undefined,
  terminal: Terminal,
): void {
  const addresses = Object.entries(started).map(([name, { url }]): [string, string] => [name, url]);
  const lines = [table(['PROVIDER', 'ADDRESS'], [...addresses, ['control', `${controlUrl}/__sim/counts`]])];
  if (folder !== null) lines.push(`\nWritten to ${folder}: ${files.join(', ')}. Try it:\n${nextSteps(folder)}`);
  answer(
    terminal,
    asJson,
    { ...Object.fromEntries(addresses), control: controlUrl, workspace: folder },
    lines.join('\n'),
  );
}

function nextSteps(folder: string): string {
  return [
    `  cresset apply ${folder}/workspace.yaml`,
    `  curl -H "Authorization: Bearer $KEY" -H "Content-Type: application/json" -d @${folder}/track.json $URL/users/track`,
    `  curl -H "Authorization: Bearer $KEY" -H "Content-Type: application/json" -d @${folder}/send.json $URL/messages/send`,
  ].join('\n');
}

function readProviders(given: readonly string[]): readonly ProviderName[] {
  const wanted = new Set(given.flatMap((name) => (name === 'all' ? providerNames : [name])));
  for (const name of wanted) {
    if (!providerNames.some((known) => known === name)) {
      throw new UsageError(`there is no stand-in for ${name}; known are ${providerNames.join(', ')} and all`);
    }
  }
  return providerNames.filter((name) => wanted.has(name));
}

function readPlan(options: SimulateOptions): FaultPlan {
  const { latency, fault, dead, goawayEvery, tokenEndpoint, slow } = options;
  const given = Object.entries({ latency, fault, dead, goawayEvery, tokenEndpoint, slow });
  return readFaults(Object.fromEntries(given.filter(([, value]) => value !== undefined)));
}

function readPorts(names: readonly ProviderName[], { port, controlPort }: SimulateOptions) {
  const ports = { ...defaultPorts };
  if (controlPort !== undefined) ports.control = readNumber('--control-port', controlPort, 0, 65_535);
  if (port === undefined) return ports;
  const first = readNumber('--port', port, 0, 65_535 - names.length);
  for (const [position, name] of names.entries()) ports[name] = first === 0 ? 0 : first + position;
  return ports;
}

function readNumber(option: string, text: string, least: number, most: number): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new UsageError(`${option} ${text}: expected a whole number from ${least} to ${most}`);
}

function readUrl(option: string, text: string | undefined): string | null {
  if (text === undefined) return null;
  const encoding = encodingProblem(text);
  if (encoding !== null) throw new UsageError(`${option}: ${encoding}`);
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
  throw new UsageError(`${option} ${text}: expected a URL that starts with http:// or https://`);
}

function readMail({ mailService, mailEvents, mailReports }: SimulateOptions): MailOptions {
  const service = mailServices.find((one) => one === mailService) ?? null;
  if (service === null && mailService !== 'none')
    throw new UsageError(`--mail-service ${mailService}: expected ${mailServices.join(', ')} or none`);
  const encoding = encodingProblem(mailReports);
  if (encoding !== null) throw new UsageError(`--mail-reports: ${encoding}`);
  if (!URL.canParse(mailReports) || !/^smtps?:$/.test(new URL(mailReports).protocol))
    throw new UsageError(`--mail-reports ${mailReports}: expected a URL that starts with smtp:// or smtps://`);
  const eventsUrl = readUrl('--mail-events', mailEvents ?? ownEvents(service));
  return { service, eventsUrl, reportsUrl: mailReports };
}

/** A server on this machine with one workspace. */
function ownEvents(service: MailService | null): string | undefined {
  return service === null ? undefined : `http://127.0.0.1:8080/callbacks/email/${service}/1`;
}

function stopSignal(): Promise<unknown> {
  return Promise.race(['SIGINT', 'SIGTERM'].map((signal) => once(process, signal)));
}

const help = `
A target can ask for an answer by its name, such as "sim-unregistered-ada" or "sim-503.x2.r30-ada"; a request can by the
header x-simulate. All other faults are drawn from --fault. docs/simulators.md lists every answer and says how Apple device
tokens and phone numbers ask for one.

Examples:
  cresset simulate all --workspace simulated
  cresset simulate fcm --tls --latency 20 --fault 503:5% --fault 429:2%:retry-after=30 --dead 3% --seed 7
  curl http://127.0.0.1:8100/__sim/counts`;
