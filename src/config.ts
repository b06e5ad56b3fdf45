import { type AlertConfig, alertProblems, alertVariables } from './config/alerts.ts';
import { commandVariables } from './config/command-variables.ts';
import { type OpenIdConfig, openIdProblems, openIdVariables } from './config/openid.ts';
import { type RequestConfig, requestVariables } from './config/requests.ts';
import { type SendingConfig, sendingVariables } from './config/sending.ts';
import { type ServerConfig, serverProblems, serverVariables } from './config/server.ts';
import { isRealProblem, type TraceConfig, traceVariables } from './config/traces.ts';
import type { Variable } from './config/variable.ts';
import { type WorkspaceConfig, workspaceVariables } from './config/workspace.ts';
import { nearest } from './lib/raw/did-you-mean.ts';

export { type LogLevel, logLevels } from './config/requests.ts';
export { type Role, roles } from './config/server.ts';

/** The settings of the environment. null: not set. */
export interface Config
  extends ServerConfig,
    WorkspaceConfig,
    RequestConfig,
    SendingConfig,
    OpenIdConfig,
    AlertConfig,
    TraceConfig {}

/** All problems of the environment. Names variables and never shows their values. */
export class ConfigError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`The environment is not usable:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

export const variables: { [K in keyof Config]: Variable<Config[K]> } = {
  ...serverVariables,
  ...workspaceVariables,
  ...requestVariables,
  ...sendingVariables,
  ...openIdVariables,
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
  const keys = Object.keys(variables) as (keyof Config)[];
  const config = Object.fromEntries(keys.map((key) => [key, take(key)])) as unknown as Config;
  if (isSet(env, variables.port.name)) config.healthPort ??= config.port;
  problems.push(...serverProblems(config), ...openIdProblems(config), ...alertProblems(config));
  const real = problems.filter((problem) => isRealProblem(problem, config));
  if (real.length > 0) throw new ConfigError(real);
  return Object.freeze(config);
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
  const known: string[] = [...Object.values(variables).map(({ name }) => name), ...Object.values(commandVariables)];
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
