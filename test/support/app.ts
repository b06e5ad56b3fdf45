import { createHash, randomUUID } from 'node:crypto';
import type { TestContext } from 'node:test';
import { type App, type AppOptions, startApp } from '../../src/app.ts';
import { audienceChecks } from '../../src/audience/grammar/check-filter.ts';
import type { PushSenders } from '../../src/channels/push/senders.ts';
import type { LogLevel } from '../../src/config.ts';
import type { Database } from '../../src/db/database.ts';
import { sql } from '../../src/db/sql.ts';
import type { QueueLimits } from '../../src/dispatch/accept/pressure.ts';
import { messageChecks } from '../../src/dispatch/plan/campaign-content.ts';
import { type LaneName, lanes } from '../../src/dispatch/plan/send-plan.ts';
import type { PlanFile } from '../../src/http/operator/settings/file-drift.ts';
import { createLog } from '../../src/process/log.ts';
import { serverSessionName } from '../../src/queue/servers.ts';
import type { WorkspaceCatalog } from '../../src/workspace/catalog.ts';
import { applyWorkspace } from '../../src/workspace/file/apply.ts';
import { readWorkspaceFile } from '../../src/workspace/file/file.ts';
import type { FileStamp } from '../../src/workspace/file/plan-file.ts';
import type { ReadServerFile } from '../../src/workspace/file/server-file.ts';
import { allPermissions } from '../../src/workspace/keys/keys.ts';
import type { Permission } from '../../src/workspace/permissions.ts';
import { deriveKey, type Secret, secretFrom } from '../../src/workspace/secrets.ts';
import { watchCatalog } from '../../src/workspace/watch-catalog.ts';
import { TestClock } from './clock.ts';
import { type TestDatabase, testDatabase } from './database.ts';

const SECRET = 'a secret of the tests, long enough for it';
const secret = secretFrom(SECRET);

const allLanes = Object.keys(lanes) as LaneName[];
const unlimited = { maxTasks: 0, maxAgeMs: 0 };

export interface Reply {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: a test says what it expects of an answer, member by member
  body: any;
}

export interface TestApp {
  db: Database;
  /** For commands on the same database, together with `secret`. */
  databaseUrl: string;
  secret: string;
  clock: TestClock;
  url: string;
  app: App;
  workspaceId: number;
  /** An API key with every permission. */
  key: string;
  /** The operator's definitions as they are now. */
  workspace(): WorkspaceCatalog;
  post(path: string, body: unknown, options?: RequestOptions): Promise<Reply>;
  get(path: string, options?: RequestOptions): Promise<Reply>;
  /** Sends a request with another method than GET and POST. `body`: JSON, or the text itself. undefined: no body. */
  call(method: 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown, options?: RequestOptions): Promise<Reply>;
  /** Starts a worker on the same database, as in another process. Default: on all lanes. */
  startAnotherWorker(options?: { lanes?: readonly LaneName[]; pushSenders?: PushSenders; db?: Database }): Promise<App>;
  /** Starts an API on the same database, as in another process. Returns its URL. */
  startAnotherServer(): Promise<string>;
  /** Resolves when the database is not, or no longer, known to refuse writes. */
  untilTakesWrites(): Promise<void>;
  /** Waits until everything that is due has been done. */
  drain(): Promise<void>;
  /** Adds something that must end before the database is closed. */
  beforeClose(end: () => Promise<unknown>): void;
  /** Reads the operator's definitions again. Call it after changing them. */
  refreshCatalog(): Promise<void>;
  givenKey(key: { permissions?: readonly Permission[]; allowFrom?: string[] }): Promise<string>;
  /** Applies a workspace file. */
  givenWorkspace(yaml: string): Promise<void>;
}

export interface RequestOptions {
  key?: string | null;
  headers?: Record<string, string>;
  /** URL of another server. */
  url?: string;
}

/** Starts the whole server on its own database, with a clock that the test moves. */
export async function startTestApp(
  t: TestContext,
  options: {
    worker?: boolean;
    pushSenders?: PushSenders;
    queueLimits?: Partial<QueueLimits>;
    retentionDays?: number;
    mostListBytes?: number;
    /** Gets certificates of SNS instead of the network. */
    getText?: (url: string) => Promise<string>;
    mailTls?: { cert: string; key: string };
    /** Gets each line of the log, from warnings on. */
    onLog?: (line: Record<string, unknown>) => void;
    /** How operators sign in by OpenID Connect. */
    openId?: AppOptions['openId'];
    /** Who is told of troubles. */
    alerts?: AppOptions['alerts'];
    /** Default: `http://cresset.test`. */
    publicUrl?: string;
    /** When the clock stands at the start. Default: that of TestClock. */
    startsAt?: Date;
    /** Default: a new one. */
    database?: TestDatabase;
    /** What the workspace file of the server would change. */
    planFile?: (db: Database, workspaceId: number, secret: Secret) => PlanFile;
    /** Another text after each change of that file. */
    stampFile?: () => FileStamp;
    /** What that file defines. */
    serverFile?: (db: Database, workspaceId: number) => ReadServerFile;
  } = {},
): Promise<TestApp> {
  const {
    db,
    url: databaseUrl,
    workspaceId,
    untilTakesWrites,
    beforeClose,
  } = options.database ?? (await testDatabase(t));
  const clock = new TestClock(options.startsAt?.toISOString());
  const { onLog } = options;
  const log = onLog
    ? createLog({ logLevel: 'info' }, undefined, { write: (line: string) => onLog(JSON.parse(line)) })
    : createLog({ logLevel: (process.env.CRESSET_TEST_LOG ?? 'silent') as LogLevel });
  const catalog = await watchCatalog(db, secret, (error) => log.error({ err: error }), {
    sessionName: serverSessionName(options.worker === false ? ['api'] : ['api', 'worker']),
  });
  const parts = {
    db,
    clock,
    log,
    catalog: () => catalog.current(),
    refreshCatalog: () => catalog.refresh(),
    catalogTrouble: () => catalog.trouble(),
    secret: deriveKey(secret, 'links'),
    sealing: secret,
    ...(options.planFile && { planFile: options.planFile(db, workspaceId, secret) }),
    ...(options.stampFile && { stampFile: options.stampFile }),
    ...(options.serverFile && { serverFile: options.serverFile(db, workspaceId) }),
    publicUrl: options.publicUrl ?? 'http://cresset.test',
    bodyLimitBytes: 4_194_304,
    trustedProxyHops: 0,
    retentionDays: options.retentionDays ?? 0,
    queueLimits: { named: unlimited, broadcast: unlimited, ...options.queueLimits },
    ...(options.mostListBytes && { mostListBytes: options.mostListBytes }),
    ...(options.pushSenders && { pushSenders: options.pushSenders }),
    ...(options.getText && { getText: options.getText }),
    ...(options.openId && { openId: options.openId }),
    ...(options.alerts && { alerts: options.alerts }),
    ...(options.mailTls && { mailTls: options.mailTls }),
  };
  const isNew = options.database === undefined;
  const app = await startApp({
    ...parts,
    isNew,
    roles: { api: true, worker: options.worker === false ? [] : allLanes },
  });
  beforeClose(() => catalog.stop());
  beforeClose(() => app.stop());
  const { server } = app;
  if (server === null) throw new Error('the app has no server');
  const url = await server.listen({ host: '127.0.0.1', port: 0 });

  async function givenKey({
    permissions = allPermissions,
    allowFrom = [],
  }: Parameters<TestApp['givenKey']>[0]): Promise<string> {
    const key = randomUUID();
    await db.run(sql`
      insert into api_keys (id, workspace_id, name, hash, hint, permissions, allow_from, created_by)
      values (${randomUUID()}, ${workspaceId}, ${key.slice(0, 8)}, ${createHash('sha256').update(key).digest()},
              ${key.slice(0, 4)}, ${permissions}, ${allowFrom}, 'test')`);
    await catalog.refresh();
    return key;
  }
  const key = await givenKey({});

  async function call(
    method: string,
    path: string,
    body: string | undefined,
    { key: used = key, headers = {}, url: server = url }: RequestOptions,
  ): Promise<Reply> {
    const authorization = used === null ? {} : { authorization: `Bearer ${used}` };
    const response = await fetch(server + path, {
      method,
      headers: { ...authorization, ...headers },
      ...(body !== undefined && { body }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json') ?? false;
    return {
      status: response.status,
      headers: response.headers,
      body: isJson && text !== '' ? JSON.parse(text) : text,
    };
  }

  const working = [app.worker];

  return {
    db,
    databaseUrl,
    secret: SECRET,
    clock,
    url,
    app,
    workspaceId,
    key,
    workspace() {
      const workspace = catalog.current().workspace(workspaceId);
      if (workspace === undefined) throw new Error('the catalog has no workspace');
      return workspace;
    },
    post: (path, body, requestOptions = {}) =>
      call('POST', path, typeof body === 'string' ? body : JSON.stringify(body), requestOptions),
    get: (path, requestOptions = {}) => call('GET', path, undefined, requestOptions),
    call: (method, path, body, requestOptions = {}) =>
      call(method, path, typeof body === 'string' ? body : JSON.stringify(body), requestOptions),
    async startAnotherWorker({ lanes = allLanes, ...others } = {}) {
      const another = await startApp({ ...parts, ...others, roles: { api: false, worker: lanes } });
      working.push(another.worker);
      beforeClose(() => another.stop());
      return another;
    },
    async startAnotherServer() {
      const another = await startApp({ ...parts, roles: { api: true, worker: [] } });
      beforeClose(() => another.stop());
      return another.server?.listen({ host: '127.0.0.1', port: 0 }) ?? '';
    },
    untilTakesWrites,
    async drain() {
      // Each may take what another added, so all are asked twice.
      for (let looks = 0; looks < 2; looks += 1) for (const worker of working) await worker?.idle();
    },
    beforeClose,
    refreshCatalog: () => catalog.refresh(),
    givenKey,
    async givenWorkspace(yaml) {
      const file = readWorkspaceFile(yaml, { path: 'test.yaml', env: {} }, audienceChecks.checkFilter);
      await applyWorkspace(db, { workspaceId, file, path: 'test.yaml', secret, ...audienceChecks, ...messageChecks });
      await catalog.refresh();
    },
  };
}
