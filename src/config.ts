import { availableParallelism } from 'node:os';
import { isAbsolute, resolve } from 'node:path';
import { type AlertConfig, alertProblems, alertVariables } from './config/alerts.ts';
import { isRealProblem, type TraceConfig, traceVariables } from './config/traces.ts';
import { integer, matching, url, type Variable } from './config/variable.ts';
import { encodingProblem } from './lib/encoding/url-encoding.ts';
import { isPrivateRoute } from './lib/loopback.ts';
import { nearest } from './lib/raw/did-you-mean.ts';

export const roles = ['api', 'worker'] as const;
export type Role = (typeof roles)[number];

const operatorRoles = ['viewer', 'sender', 'admin'] as const;
type OperatorRole = (typeof operatorRoles)[number];

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** The settings of the environment. null: not set. */
export interface Config extends AlertConfig, TraceConfig {
  host: string;
  /** TCP port. 0: any free port. */
  port: number;
  /** TCP port of `/health` on a server without the role `api`. 0: any free port. null: it listens on none. */
  healthPort: number | null;
  /** TCP port on which bounce mails and complaints are received, on servers with the role `api`. null: they are not. */
  smtpPort: number | null;
  /** Absolute paths of the certificate and key for STARTTLS, as PEM. null: it is not offered. */
  smtpTlsCert: string | null;
  smtpTlsKey: string | null;
  /** URL of the database, which may hold a password. null: the embedded database in `dataDir`. */
  databaseUrl: string | null;
  /** Absolute path of the data folder. */
  dataDir: string;
  roles: readonly Role[];
  /** Absolute path of a workspace file to apply at start. */
  workspaceFile: string | null;
  /** Name of the workspace that commands and the start of a server mean. null: the only one. */
  workspaceName: string | null;
  apiKey: string | null;
  adminPassword: string | null;
  secret: string | null;
  trustedProxyHops: number;
  bodyLimitBytes: number;
  listBytes: number;
  logLevel: LogLevel;
  /** URL at which recipients reach this server, without a slash at its end. */
  publicUrl: string | null;
  /** Most waiting tasks of the lane `named` before its requests are refused. 0: any number. */
  queueMaxTasks: number;
  /** Longest time, in seconds, that a due task of the lane `named` may wait before requests are refused. 0: any time. */
  queueMaxAgeS: number;
  /** `queueMaxTasks` of the lane `broadcast`. */
  broadcastQueueMaxTasks: number;
  /** `queueMaxAgeS` of the lane `broadcast`. */
  broadcastQueueMaxAgeS: number;
  /** Number of threads of this process that send broadcasts. */
  broadcastThreads: number;
  /** Time for which the ledger is kept, in days. 0: for ever. */
  retentionDays: number;
  /** URL of the identity provider by which operators sign in. null: they have passwords. */
  oidcIssuer: string | null;
  oidcClientId: string | null;
  oidcClientSecret: string | null;
  /** Domains of the email addresses of operators, in lower case. */
  oidcDomains: readonly string[];
  /** The claim whose values `oidcRoles` maps. */
  oidcRoleClaim: string;
  /** Roles by values of the claim. null: there is no mapping. */
  oidcRoles: Readonly<Record<string, OperatorRole>> | null;
  oidcLabel: string;
}

/** All problems of the environment. Names variables and never shows their values. */
export class ConfigError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`The environment is not usable:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

const SMALLEST_BODY_LIMIT = 1_024;
const LARGEST_BODY_LIMIT = 104_857_600;
const LARGEST_LISTS = 1_099_511_627_776;
const MOST_TASKS = 1_000_000_000;
const LONGEST_AGE_S = 2_592_000;
const USUAL_THREADS = 4;
const MOST_THREADS = 16;

export const variables: { [K in keyof Config]: Variable<Config[K]> } = {
  host: {
    name: 'HOST',
    fallback: '127.0.0.1',
    shownFallback: '`127.0.0.1`',
    expected: 'an address or host name to listen on',
    meaning: 'The address to listen on. `0.0.0.0` or `::`: every address of this machine.',
    read: matching(/^[A-Za-z0-9.:_-]{1,253}$/),
  },
  port: {
    name: 'PORT',
    fallback: 8080,
    shownFallback: '`8080`',
    expected: 'an integer from 0 to 65535',
    meaning: 'The TCP port to listen on. `0`: any free port.',
    read: integer(0, 65_535),
  },
  healthPort: {
    name: 'CRESSET_HEALTH_PORT',
    fallback: null,
    shownFallback: 'unset: `PORT`, if that is set; otherwise none',
    expected: 'an integer from 0 to 65535',
    meaning:
      'The TCP port on which a server without the role `api` answers `/health`, and nothing else. `0`: any free port.',
    read: integer(0, 65_535),
  },
  smtpPort: {
    name: 'CRESSET_SMTP_PORT',
    fallback: null,
    shownFallback: 'unset: none',
    expected: 'an integer from 0 to 65535',
    meaning:
      'The TCP port on which a server with the role `api` receives bounce mails and complaints over SMTP. `0`: any free port. See [email.md](email.md#bounce-mails-and-complaints).',
    read: integer(0, 65_535),
  },
  smtpTlsCert: {
    name: 'CRESSET_SMTP_TLS_CERT',
    fallback: null,
    shownFallback: 'unset: no STARTTLS',
    expected: 'the path of a file',
    meaning: 'The file with the certificate chain, as PEM, for STARTTLS on that port. It needs `CRESSET_SMTP_TLS_KEY`.',
    read: path,
  },
  smtpTlsKey: {
    name: 'CRESSET_SMTP_TLS_KEY',
    fallback: null,
    shownFallback: 'unset: no STARTTLS',
    expected: 'the path of a file',
    meaning: 'The file with the private key of that certificate, as PEM.',
    read: path,
  },
  databaseUrl: {
    name: 'DATABASE_URL',
    fallback: null,
    shownFallback: 'unset: the embedded PostgreSQL',
    expected: 'a URL that starts with postgres://, postgresql:// or socket:',
    meaning:
      'The URL of a PostgreSQL 15 or newer. Any number of servers may share one. `socket:/var/run/postgresql?db=cresset&user=cresset&password=…` names a Unix socket. Percent-encode user and password: `@` is `%40`, `/` is `%2F`, `#` is `%23`, `?` is `%3F`, `%` is `%25`.',
    problemOf: encodingProblem,
    read: url(['postgres:', 'postgresql:', 'socket:']),
  },
  dataDir: {
    name: 'CRESSET_DATA_DIR',
    fallback: resolve('data'),
    shownFallback: '`./data`',
    expected: 'the path of a folder',
    meaning:
      'The folder of the embedded database and of the secret made when `CRESSET_SECRET` is unset. See [database.md](database.md).',
    read: path,
  },
  roles: {
    name: 'CRESSET_ROLES',
    fallback: roles,
    shownFallback: '`api,worker`',
    expected: `a comma-separated list of ${roles.join(', ')}`,
    meaning: 'What this process does: `api` answers requests, `worker` delivers messages.',
    read: readRoles,
  },
  workspaceFile: {
    name: 'CRESSET_WORKSPACE',
    fallback: null,
    shownFallback: 'unset',
    expected: 'the path of a workspace file',
    meaning: 'A workspace file that is applied at every start, as `cresset apply` does.',
    read: path,
  },
  workspaceName: {
    name: 'CRESSET_IN',
    fallback: null,
    shownFallback: 'unset: the only one',
    expected: 'the name of a workspace',
    meaning:
      'The workspace that a command means, as `--in` does, and the one that `CRESSET_WORKSPACE` and `CRESSET_API_KEY` are for. Needed only where there are several: [workspaces.md](workspaces.md).',
    read: (text) => text,
  },
  apiKey: {
    name: 'CRESSET_API_KEY',
    fallback: null,
    shownFallback: 'unset: a key is made at the first start and printed once',
    expected: '16 to 256 visible ASCII characters without quotes',
    meaning: 'A first API key with every permission, for containers. Another value replaces the earlier one.',
    read: matching(/^[!#-&(-~]{16,256}$/),
  },
  adminPassword: {
    name: 'CRESSET_ADMIN_PASSWORD',
    fallback: null,
    shownFallback: 'unset: a password is made at the first start and printed once',
    expected: '12 to 256 characters',
    meaning:
      'The password of the operator `admin` of the console. Another value replaces the earlier one and ends the sessions of `admin`. See [console.md](console.md).',
    read: matching(/^[^\0]{12,256}$/su),
  },
  secret: {
    name: 'CRESSET_SECRET',
    fallback: null,
    shownFallback: 'unset: made in the data folder, readable by its owner alone',
    expected: 'at least 32 characters, for example from: openssl rand -hex 32',
    meaning:
      'Encrypts the credentials of providers in the database. Servers that share a database need the same one. Keep a copy: without it the credentials must be applied again.',
    read: matching(/^.{32,1024}$/s),
  },
  trustedProxyHops: {
    name: 'CRESSET_TRUSTED_PROXY_HOPS',
    fallback: 0,
    shownFallback: '`0`',
    expected: 'an integer from 0 to 32',
    meaning:
      'The number of proxies in front of this server that are trusted to report the address of a client (`X-Forwarded-For`), for the allow lists of API keys.',
    read: integer(0, 32),
  },
  bodyLimitBytes: {
    name: 'CRESSET_BODY_LIMIT',
    fallback: 4_194_304,
    shownFallback: '`4194304` (4 MiB)',
    expected: `a number of bytes from ${SMALLEST_BODY_LIMIT} to ${LARGEST_BODY_LIMIT}`,
    meaning: 'The largest body of a request, in bytes. A larger one is answered with 413.',
    read: integer(SMALLEST_BODY_LIMIT, LARGEST_BODY_LIMIT),
  },
  listBytes: {
    name: 'CRESSET_LIST_BYTES',
    fallback: 1_073_741_824,
    shownFallback: '`1073741824` (1 GiB)',
    expected: `a number of bytes from ${SMALLEST_BODY_LIMIT} to ${LARGEST_LISTS}`,
    meaning:
      'Most bytes of recipient lists of `POST /dispatches` that a workspace may have stored at once. A list is stored until its people are written as recipients; beyond the limit, lists are answered with 503.',
    read: integer(SMALLEST_BODY_LIMIT, LARGEST_LISTS),
  },
  logLevel: {
    name: 'CRESSET_LOG_LEVEL',
    fallback: 'info',
    shownFallback: '`info`',
    expected: `one of ${logLevels.join(', ')}`,
    meaning: `How much is logged: ${logLevels.map((level) => `\`${level}\``).join(', ')}.`,
    read: (text) => logLevels.find((level) => level === text),
  },
  publicUrl: {
    name: 'CRESSET_PUBLIC_URL',
    fallback: null,
    shownFallback: 'unset: made of `HOST` and `PORT`',
    expected: 'a URL that starts with http:// or https://, without user, query and fragment',
    meaning: 'Where recipients reach this server: the beginning of unsubscribe links.',
    problemOf: encodingProblem,
    read: readPublicUrl,
  },
  queueMaxTasks: {
    name: 'CRESSET_QUEUE_MAX_TASKS',
    fallback: 1_000_000,
    shownFallback: '`1000000`',
    expected: `an integer from 0 to ${MOST_TASKS}`,
    meaning:
      'The most sends to named people that may wait, including those to be tried again. While more wait, `/messages/send` answers 503 to such requests. The number is measured once a second (less often if counting takes long), so what comes in the meantime is still accepted. `0`: any number.',
    read: integer(0, MOST_TASKS),
  },
  queueMaxAgeS: {
    name: 'CRESSET_QUEUE_MAX_AGE',
    fallback: 900,
    shownFallback: '`900` (15 minutes)',
    expected: `a number of seconds from 0 to ${LONGEST_AGE_S}`,
    meaning:
      'The longest time, in seconds, that a due send to named people may wait for a worker. While one waits longer, `/messages/send` answers 503 to such requests. `0`: any time.',
    read: integer(0, LONGEST_AGE_S),
  },
  broadcastQueueMaxTasks: {
    name: 'CRESSET_BROADCAST_QUEUE_MAX_TASKS',
    fallback: 100_000,
    shownFallback: '`100000`',
    expected: `an integer from 0 to ${MOST_TASKS}`,
    meaning:
      'The most tasks of broadcasts that may wait. One broadcast makes up to 257 tasks, and others for those that workers have in hand, which count, too. While more wait, `/messages/send` answers 503 to broadcasts. It is measured as above. `0`: any number.',
    read: integer(0, MOST_TASKS),
  },
  broadcastQueueMaxAgeS: {
    name: 'CRESSET_BROADCAST_QUEUE_MAX_AGE',
    fallback: 3_600,
    shownFallback: '`3600` (an hour)',
    expected: `a number of seconds from 0 to ${LONGEST_AGE_S}`,
    meaning:
      'The longest time, in seconds, that a due task of a broadcast may wait for its next turn. While one waits longer, `/messages/send` answers 503 to broadcasts. `0`: any time.',
    read: integer(0, LONGEST_AGE_S),
  },
  broadcastThreads: {
    name: 'CRESSET_BROADCAST_THREADS',
    fallback: Math.min(availableParallelism(), USUAL_THREADS),
    shownFallback: `as many as the machine has processors, at most ${USUAL_THREADS}`,
    expected: `an integer from 1 to ${MOST_THREADS}`,
    meaning:
      'The number of threads of a worker that send broadcasts. While a broadcast is sent, each thread keeps one processor busy and takes about 100 MB of memory. It uses up to 24 connections to the database.',
    read: integer(1, MOST_THREADS),
  },
  retentionDays: {
    name: 'CRESSET_RETENTION_DAYS',
    fallback: 90,
    shownFallback: '`90`',
    expected: 'an integer from 0 to 36500',
    meaning:
      'The number of days for which dispatches, their sends and the messages in the sandbox are kept. A day with an unfinished dispatch is kept longer. `0`: for ever. See [operations.md](operations.md).',
    read: integer(0, 36_500),
  },
  oidcIssuer: {
    name: 'CRESSET_OIDC_ISSUER',
    fallback: null,
    shownFallback: 'unset: operators sign in with passwords alone',
    expected: 'a URL that starts with https:// (http:// only for this machine), without user, query and fragment',
    meaning:
      'The identity provider by which operators sign in to the console, by OpenID Connect. It needs the id and the secret of a client, `CRESSET_PUBLIC_URL`, and `CRESSET_OIDC_DOMAINS` or `CRESSET_OIDC_ROLES`. See [console.md](console.md#openid-connect).',
    problemOf: encodingProblem,
    read: readIssuer,
  },
  oidcClientId: {
    name: 'CRESSET_OIDC_CLIENT_ID',
    fallback: null,
    shownFallback: 'unset',
    expected: '1 to 256 visible ASCII characters',
    meaning: 'The id by which the identity provider knows this server.',
    read: matching(/^[!-~]{1,256}$/),
  },
  oidcClientSecret: {
    name: 'CRESSET_OIDC_CLIENT_SECRET',
    fallback: null,
    shownFallback: 'unset',
    expected: '1 to 1024 visible ASCII characters',
    meaning: 'The secret of that client.',
    read: matching(/^[!-~]{1,1024}$/),
  },
  oidcDomains: {
    name: 'CRESSET_OIDC_DOMAINS',
    fallback: [],
    shownFallback: 'unset: any, if `CRESSET_OIDC_ROLES` gives a role',
    expected: 'a comma-separated list of domains, such as example.com',
    meaning: 'Only people whose verified email address is of one of these domains may sign in. Subdomains are others.',
    read: readDomains,
  },
  oidcRoleClaim: {
    name: 'CRESSET_OIDC_ROLE_CLAIM',
    fallback: 'groups',
    shownFallback: '`groups`',
    expected: '1 to 256 visible ASCII characters',
    meaning: 'The claim, a text or a list of texts, whose values `CRESSET_OIDC_ROLES` maps.',
    read: matching(/^[!-~]{1,256}$/),
  },
  oidcRoles: {
    name: 'CRESSET_OIDC_ROLES',
    fallback: null,
    shownFallback: 'unset: new operators are viewers, and admins change that',
    expected: `a comma-separated list such as marketing=sender,platform=admin, with the roles ${operatorRoles.join(', ')}`,
    meaning:
      'Which values of the claim give which role, at each sign-in. The highest counts. Who has none is a viewer with `CRESSET_OIDC_DOMAINS`, and may not sign in without it.',
    read: readRoleMapping,
  },
  oidcLabel: {
    name: 'CRESSET_OIDC_LABEL',
    fallback: 'Sign in with OpenID Connect',
    shownFallback: '`Sign in with OpenID Connect`',
    expected: '1 to 60 characters',
    meaning: 'The text of the button on the sign-in page.',
    read: matching(/^\P{Cc}{1,60}$/u),
  },
  ...alertVariables,
  ...traceVariables,
};

const PREFIX = 'CRESSET_';

/** Prefix of the tests' own variables. A server that a test starts inherits them and must ignore them. */
const TEST_PREFIX = 'CRESSET_TEST_';

/**
 * Reads the environment. Throws ConfigError with every problem. An empty variable counts as unset.
 * `alsoKnown`: names of the variables that a workspace file refers to, which may begin with CRESSET_ too.
 */
export function readConfig(
  env: Readonly<Record<string, string | undefined>>,
  alsoKnown: ReadonlySet<string> = new Set(),
): Config {
  const problems = unknownVariables(env, alsoKnown);
  const take = <K extends keyof Config>(key: K): Config[K] => {
    const { name, fallback, expected, problemOf, read } = variables[key];
    const text = env[name] ?? '';
    if (text === '') return fallback;
    const problem = problemOf?.(text) ?? null;
    const value = problem === null ? read(text) : undefined;
    if (value === undefined) problems.push(`${name}: ${problem ?? `expected ${expected}`}`);
    return value ?? fallback;
  };
  const host = take('host');
  const port = take('port');
  const config: Config = {
    host,
    port,
    healthPort: take('healthPort') ?? (isSet(env, variables.port.name) ? port : null),
    smtpPort: take('smtpPort'),
    smtpTlsCert: take('smtpTlsCert'),
    smtpTlsKey: take('smtpTlsKey'),
    databaseUrl: take('databaseUrl'),
    dataDir: take('dataDir'),
    roles: Object.freeze([...take('roles')]),
    workspaceFile: take('workspaceFile'),
    workspaceName: take('workspaceName'),
    apiKey: take('apiKey'),
    adminPassword: take('adminPassword'),
    secret: take('secret'),
    trustedProxyHops: take('trustedProxyHops'),
    bodyLimitBytes: take('bodyLimitBytes'),
    listBytes: take('listBytes'),
    logLevel: take('logLevel'),
    publicUrl: take('publicUrl'),
    queueMaxTasks: take('queueMaxTasks'),
    queueMaxAgeS: take('queueMaxAgeS'),
    broadcastQueueMaxTasks: take('broadcastQueueMaxTasks'),
    broadcastQueueMaxAgeS: take('broadcastQueueMaxAgeS'),
    broadcastThreads: take('broadcastThreads'),
    retentionDays: take('retentionDays'),
    oidcIssuer: take('oidcIssuer'),
    oidcClientId: take('oidcClientId'),
    oidcClientSecret: take('oidcClientSecret'),
    oidcDomains: take('oidcDomains'),
    oidcRoleClaim: take('oidcRoleClaim'),
    oidcRoles: take('oidcRoles'),
    oidcLabel: take('oidcLabel'),
    alertWebhook: take('alertWebhook'),
    alertWebhookSecret: take('alertWebhookSecret'),
    alertMailTo: take('alertMailTo'),
    alertMailFrom: take('alertMailFrom'),
    alertMailRelay: take('alertMailRelay'),
    alertPauseS: take('alertPauseS'),
    otelDisabled: take('otelDisabled'),
    otelEndpoint: take('otelEndpoint'),
    otelTracesEndpoint: take('otelTracesEndpoint'),
    otelExporter: take('otelExporter'),
    otelProtocol: take('otelProtocol'),
    otelHeaders: take('otelHeaders'),
    otelServiceName: take('otelServiceName'),
    otelResource: take('otelResource'),
    otelSampler: take('otelSampler'),
    otelSamplerArg: take('otelSamplerArg'),
  };
  if ((config.smtpTlsCert === null) !== (config.smtpTlsKey === null))
    problems.push(`${variables.smtpTlsCert.name} and ${variables.smtpTlsKey.name}: expected both or none`);
  problems.push(...openIdProblems(config), ...alertProblems(config));
  const real = problems.filter((problem) => isRealProblem(problem, config));
  if (real.length > 0) throw new ConfigError(real);
  return Object.freeze(config);
}

/** Without a limit to domains or roles, anybody with an account at a public provider could come in. */
function openIdProblems(config: Config): string[] {
  const { oidcIssuer: issuer, oidcClientId, oidcClientSecret, oidcDomains, oidcRoles, publicUrl } = config;
  const needed = [issuer, oidcClientId, oidcClientSecret];
  if (needed.every((value) => value === null) && oidcDomains.length === 0 && oidcRoles === null) return [];
  const { name } = variables.oidcIssuer;
  const problems: string[] = [];
  if (needed.includes(null))
    problems.push(`${name}: expected with ${variables.oidcClientId.name} and ${variables.oidcClientSecret.name}`);
  if (publicUrl === null)
    problems.push(
      `${name}: expected with ${variables.publicUrl.name}, to which the identity provider sends browsers back`,
    );
  if (oidcDomains.length === 0 && oidcRoles === null)
    problems.push(
      `${name}: expected with ${variables.oidcDomains.name} or ${variables.oidcRoles.name}, which say who may sign in`,
    );
  return problems;
}

function isSet(env: Readonly<Record<string, string | undefined>>, name: string): boolean {
  return (env[name] ?? '') !== '';
}

const DATABASE_URL = 'DATABASE_URL';
/** What other programs put behind the name of a variable whose value is in a file. */
const FILE = '_FILE';

/** undefined: the name is not that of a file. A shell's `$(cat …)` leaves out the newline that editors put at the end. */
function withoutFile(name: string, known: readonly string[]): string | undefined {
  const variable = name.slice(0, -FILE.length);
  return name.endsWith(FILE) && known.includes(variable)
    ? `; ${variable} holds the value itself: ${variable}="$(cat …)"`
    : undefined;
}

function unknownVariables(env: Readonly<Record<string, unknown>>, alsoKnown: ReadonlySet<string>): string[] {
  const known = Object.values(variables).map(({ name }) => name);
  return Object.keys(env)
    .filter((name) => (name.startsWith(PREFIX) && !name.startsWith(TEST_PREFIX)) || name === `${DATABASE_URL}${FILE}`)
    .filter((name) => !known.includes(name) && !alsoKnown.has(name))
    .sort()
    .map((name) => `${name}: there is no such variable${withoutFile(name, known) ?? suggestion(name, known)}`);
}

/** Suggests a known variable. The prefix does not count, so that `CRESSET_PORT` suggests `PORT`. */
function suggestion(name: string, known: readonly string[]): string {
  const bare = (variable: string) => variable.replace(/^CRESSET_/, '');
  const best = nearest(bare(name), known.map(bare));
  const meant = known.find((variable) => bare(variable) === best);
  return meant === undefined ? '' : `; did you mean ${meant}?`;
}

function path(text: string): string | undefined {
  if (text.includes('\0')) return undefined;
  return isAbsolute(text) ? text : resolve(text);
}

function readRoles(text: string): readonly Role[] | undefined {
  const words = text.split(',').map((word) => word.trim());
  const known = words.every((word) => roles.some((role) => role === word));
  return known ? roles.filter((role) => words.includes(role)) : undefined;
}

function readPublicUrl(text: string): string | undefined {
  if (url(['http:', 'https:'])(text) === undefined) return undefined;
  const { origin, pathname, search, hash, username, password } = new URL(text);
  if (search + hash + username + password !== '' || /[?#]$/.test(text)) return undefined;
  return `${origin}${pathname}`.replace(/\/+$/, '');
}

/** Kept as it is written: the provider names itself exactly so. */
function readIssuer(text: string): string | undefined {
  if (text.length > 1_000 || url(['http:', 'https:'])(text) === undefined || /[?#]/.test(text)) return undefined;
  const parsed = new URL(text);
  return isPrivateRoute(parsed) && parsed.username + parsed.password === '' ? text : undefined;
}

const DOMAIN = /^(?=.{1,253}$)[a-z0-9-]+(\.[a-z0-9-]+)+$/;

function readDomains(text: string): readonly string[] | undefined {
  const domains = text.split(',').map((domain) => domain.trim().toLowerCase());
  return domains.every((domain) => DOMAIN.test(domain)) ? domains : undefined;
}

/** The role is what follows the last `=`, so that values may be such as `cn=crew`. */
function readRoleMapping(text: string): Readonly<Record<string, OperatorRole>> | undefined {
  const pairs = text.split(',').map((pair) => {
    const [, value, word] = /^\s*(\S.*?)\s*=\s*(\w+)\s*$/.exec(pair) ?? [];
    return [value, operatorRoles.find((role) => role === word)] as const;
  });
  if (pairs.some(([value, role]) => value === undefined || role === undefined)) return undefined;
  if (new Set(pairs.map(([value]) => value)).size < pairs.length) return undefined;
  return Object.fromEntries(pairs);
}
