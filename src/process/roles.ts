import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { Logger } from 'pino';
import { type App, type AppOptions, startApp } from '../app.ts';
import { tracesUrl } from '../config/traces.ts';
import { type Config, ConfigError } from '../config.ts';
import { connect, type Database } from '../db/database.ts';
import { troubleOf } from '../db/trouble.ts';
import { systemClock } from '../lib/clock.ts';
import { version } from '../lib/project/version.ts';
import { Repeats } from '../lib/repeats.ts';
import { serverSessionName } from '../queue/servers.ts';
import { noTraces, type Traces } from '../traces/traces.ts';
import { createKeyUsage } from '../workspace/keys/key-usage.ts';
import { deriveKey, type Secret, SecretError } from '../workspace/secrets.ts';
import { StoredSettingsError } from '../workspace/stored-settings.ts';
import { watchCatalog } from '../workspace/watch-catalog.ts';

const LONGEST_REASON = 300;

/** Ends one started part. Endings run in the reverse order of starting. */
export type Ending = () => Promise<unknown>;

/** What every thread of a server needs. */
export interface ThreadContext {
  config: Config;
  log: Logger;
  db: Database;
  secret: Secret;
}

/** What all reasons of the database's own count as. */
const LOST = 'lost';
/** What the driver says, without a code, when the other end closes a connection. */
const ENDED = /^Connection terminated/;

export function connectDatabase(
  url: string,
  log: Logger,
  options: { max?: number; onConnect?: (processId: number) => void } = {},
): Database {
  const losses = new Repeats(systemClock);
  return connect({
    url,
    max: 20,
    ...options,
    onError: (error) => logLoss(log, losses, error),
    onRefusal(refusal) {
      if (refusal === null) log.info('the database accepts writes again');
      else log.error({ reason: refusal.kind }, `the database ${refusal.said}: writes are refused or wait`);
    },
  });
}

/** Starts these roles in this thread, with everything that they need. Adds the end of each part to `endings`. */
export async function startRoles(
  { config, log, db, secret }: ThreadContext,
  roles: Pick<
    AppOptions,
    | 'roles'
    | 'broadcastThreads'
    | 'neighbours'
    | 'appliesFeedback'
    | 'otherMeters'
    | 'metersProcess'
    | 'onlyLocalHosts'
    | 'planFile'
    | 'stampFile'
    | 'serverFile'
    | 'beforeWork'
  >,
  endings: Ending[],
): Promise<App> {
  // All threads of a server read the same definitions, so its main thread says what is wrong with them.
  const isMain = roles.roles.api || roles.roles.worker.length === 0 || roles.roles.worker.includes('named');
  const failures = new Repeats(systemClock);
  const catalog = await watchCatalog(db, secret, (error) => logUnread(log, failures, isMain, error), {
    ...(isMain && { sessionName: serverSessionName(config.roles) }),
  });
  endings.push(() => catalog.stop());
  const traces = await startTracing(config, log);
  endings.push(() => traces.stop());
  const keyUsage = createKeyUsage({
    db,
    clock: systemClock,
    onError: (error) => logUnrecorded(log, error),
  });
  endings.push(() => keyUsage.stop());
  const app = await startApp({
    db,
    clock: systemClock,
    log,
    catalog: () => catalog.current(),
    refreshCatalog: () => catalog.refresh(),
    catalogTrouble: () => catalog.trouble(),
    secret: deriveKey(secret, 'links'),
    sealing: secret,
    publicUrl: config.publicUrl ?? `http://${config.host}:${config.port}`,
    bodyLimitBytes: config.bodyLimitBytes,
    mostListBytes: config.listBytes,
    trustedProxyHops: config.trustedProxyHops,
    retentionDays: config.retentionDays,
    queueLimits: {
      named: { maxTasks: config.queueMaxTasks, maxAgeMs: config.queueMaxAgeS * 1_000 },
      broadcast: { maxTasks: config.broadcastQueueMaxTasks, maxAgeMs: config.broadcastQueueMaxAgeS * 1_000 },
    },
    ...roles,
    mailTls: roles.roles.api ? readTls(config) : null,
    openId: openIdOf(config),
    traces,
    alerts: alertsOf(config),
    onKeyUsed: (key) => keyUsage.used(key),
  });
  endings.push(() => app.stop());
  return app;
}

/**
 * When a database ends all its connections, one line says it, whatever the reasons: a connection that was used gives
 * another one than those that were idle. Neither it nor the others need a stack.
 */
function logLoss(log: Logger, losses: Repeats, error: Error): void {
  const isExplained = troubleOf(error) !== null || ENDED.test(error.message);
  const reason = error.message.slice(0, LONGEST_REASON);
  const level = losses.isRepeated(isExplained ? LOST : reason) ? 'debug' : 'warn';
  if (!isExplained && level === 'warn') log.warn({ err: error }, 'lost a database connection');
  else log[level]({ reason }, 'lost a database connection; a new one is made when it is needed');
}

/** It is read again every second until that succeeds, and logged once a minute. A sentence for operators needs no stack. */
function logUnread(log: Logger, failures: Repeats, isMain: boolean, error: Error): void {
  const level = !isMain || failures.isRepeated(error.message) ? 'debug' : 'error';
  const isForOperators = error instanceof SecretError || error instanceof StoredSettingsError;
  const facts = isForOperators ? { reason: error.message } : { err: error };
  log[level](facts, 'could not read the catalog; this server uses the definitions that it read before');
}

/** How operators sign in by OpenID Connect. null: they do not. */
function openIdOf(config: Config): NonNullable<AppOptions['openId']> | null {
  const { oidcIssuer: issuer, oidcClientId: clientId, oidcClientSecret: clientSecret } = config;
  if (issuer === null || clientId === null || clientSecret === null) return null;
  const { oidcDomains: domains, oidcRoleClaim: claim, oidcRoles: roles, oidcLabel: label } = config;
  return { issuer, clientId, clientSecret, domains, mapping: roles === null ? null : { claim, roles }, label };
}

/** Who is told of troubles. null: nobody. */
function alertsOf(config: Config): NonNullable<AppOptions['alerts']> | null {
  const { alertWebhook: url, alertWebhookSecret: secret, alertMailTo: to, alertMailFrom: from } = config;
  const { alertMailRelay: relay, alertPauseS } = config;
  const webhook = url === null ? null : { url, secret };
  const mail = from === null || relay === null ? null : { to, from, relay };
  return webhook === null && mail === null ? null : { webhook, mail, pauseMs: alertPauseS * 1_000 };
}

/** Starts tracing in this thread, if a collector is named. OpenTelemetry is loaded only then. */
async function startTracing(config: Config, log: Logger): Promise<Traces> {
  const url = tracesUrl(config);
  if (url === null) return noTraces;
  const { startTraces } = await import('../traces/open-telemetry.ts');
  const { otelHeaders: headers, otelSampler: sampler, otelSamplerArg: ratio, otelResource, otelServiceName } = config;
  const named = { 'service.name': 'cresset', 'service.version': version, ...otelResource };
  const resource = otelServiceName === null ? named : { ...named, 'service.name': otelServiceName };
  return startTraces({ url, headers, resource, sampler, ratio }, log);
}

/** The certificate for STARTTLS. Throws ConfigError if it cannot be used. */
function readTls({ smtpTlsCert, smtpTlsKey }: Config): { cert: string; key: string } | null {
  if (smtpTlsCert === null || smtpTlsKey === null) return null;
  try {
    const tls = { cert: readFileSync(smtpTlsCert, 'utf8'), key: readFileSync(smtpTlsKey, 'utf8') };
    createSecureContext(tls);
    return tls;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw new ConfigError([`CRESSET_SMTP_TLS_CERT and CRESSET_SMTP_TLS_KEY: cannot be used (${code})`]);
  }
}

/** The trouble of a database needs no stack: what it means for sends is logged apart. */
function logUnrecorded(log: Logger, error: Error): void {
  const trouble = troubleOf(error);
  if (trouble === null) log.error({ err: error }, 'could not record the use of keys');
  else log.warn({ reason: trouble.kind }, `the database ${trouble.said}: the use of keys is recorded later`);
}

/** Runs all endings, last one first. An ending that fails is logged and does not stop the others. */
export async function endInOrder(endings: Ending[], log: Logger): Promise<void> {
  for (const end of endings.reverse())
    await end().catch((error: unknown) => log.error({ err: error }, 'a part failed to stop'));
}
