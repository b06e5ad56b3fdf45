import type { KeyObject } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import type { AlertTargets } from './alerts/targets.ts';
import { type Alerts, startAlerts } from './alerts/watch.ts';
import { audienceChecks } from './audience/grammar/check-filter.ts';
import { keepSegmentSizes } from './audience/segment-sizes.ts';
import type { PushSenders } from './channels/push/senders.ts';
import { ContentDesk } from './connected-content/desk.ts';
import type { Neighbours } from './connected-content/neighbours.ts';
import { contentFinder } from './content/find.ts';
import { noContent } from './content/pins.ts';
import type { Database } from './db/database.ts';
import { createAcceptor } from './dispatch/accept/accept.ts';
import { createIdempotency } from './dispatch/accept/idempotency.ts';
import { createPressure, type QueueLimits } from './dispatch/accept/pressure.ts';
import { createLinkMaker } from './dispatch/admit/links.ts';
import { createTrackerMaker } from './dispatch/admit/trackers.ts';
import type { Worker } from './dispatch/deliver/worker.ts';
import { listReceived } from './dispatch/ledger/person/received.ts';
import { messageChecks } from './dispatch/plan/campaign-content.ts';
import { DispatchCache } from './dispatch/plan/loaded-dispatch.ts';
import { type LaneName, lanes, scheduleLane } from './dispatch/plan/send-plan.ts';
import { knownCounts } from './dispatch/plan/ways.ts';
import { createCounter } from './dispatch/report/counts.ts';
import { createDryRun } from './dispatch/report/dry-run/dry-run.ts';
import { createListDryRun } from './dispatch/report/dry-run/rehearsed-list.ts';
import { createPreview } from './dispatch/report/preview/preview.ts';
import { startWorking, type Working } from './dispatch/start-working.ts';
import { startHousekeeping } from './dispatch/upkeep/housekeeping.ts';
import { type Exporter, startExporter } from './exports/exporter.ts';
import { createMailListener, type MailListener } from './feedback/email/listener.ts';
import type { GetText } from './feedback/email/sns.ts';
import { createIntake, type Intake } from './feedback/intake.ts';
import { signReference } from './feedback/reference.ts';
import { callbackPages } from './http/callbacks/callbacks.ts';
import { ConsoleFiles } from './http/console/files.ts';
import { consolePages, toConsole } from './http/console/pages.ts';
import { openApiDocument } from './http/openapi/document.ts';
import { createAccess } from './http/operator/access.ts';
import { operatorOperations } from './http/operator/operations.ts';
import type { OperatorRoute } from './http/operator/route.ts';
import { operatorRoutes } from './http/operator/routes.ts';
import type { PlanFile } from './http/operator/settings/file-drift.ts';
import type { Page } from './http/page.ts';
import { contentCardPages } from './http/pages/content-cards.ts';
import { exportFilePage } from './http/pages/export-files.ts';
import { healthPage, livezPage, readyzPage } from './http/pages/health.ts';
import { mediaFilePages } from './http/pages/media-files.ts';
import { metricsPage } from './http/pages/metrics.ts';
import { openApiPage } from './http/pages/openapi.ts';
import { createOpenIdPages, OPENID_PATH, type OpenIdPageDeps } from './http/pages/openid-sign-in.ts';
import { preferenceCenterPages } from './http/pages/preference-centers.ts';
import { subscriptionPages } from './http/pages/subscription-pages.ts';
import { trackingPages } from './http/pages/tracking.ts';
import { webPushPages } from './http/pages/web-push-sdk.ts';
import type { SchedulingDeps } from './http/public/accept-schedule.ts';
import type { SendDeps } from './http/public/accept-send.ts';
import { blocklistRoute } from './http/public/activity/blocklist-route.ts';
import { nameRoutes } from './http/public/activity/names-route.ts';
import { activitySeriesRoutes } from './http/public/activity/series-route.ts';
import { audienceRoutes } from './http/public/audience/route.ts';
import { campaignReadingRoutes } from './http/public/campaigns/reading-route.ts';
import { canvasRoutes } from './http/public/canvas/route.ts';
import { contentBlockRoutes } from './http/public/content/content-blocks-route.ts';
import { emailTemplateRoutes } from './http/public/content/email-templates-route.ts';
import { dispatchListsRoute } from './http/public/dispatch-lists/route.ts';
import { dispatchRoutes } from './http/public/dispatches/route.ts';
import { emailRoutes } from './http/public/email/route.ts';
import { emailRelaysRoute } from './http/public/email-relays/route.ts';
import { exportRoutes } from './http/public/exports/route.ts';
import { feedRoutes } from './http/public/feed/route.ts';
import { itemCatalogRoutes } from './http/public/item-catalogs/route.ts';
import { mediaLibraryRoutes } from './http/public/media-library/route.ts';
import { messageEventRoutes } from './http/public/message-events/route.ts';
import { eventWebhookRoutes } from './http/public/message-events/webhooks-route.ts';
import { messagesPreviewRoute } from './http/public/messages-preview/route.ts';
import { messagesScheduleRoutes } from './http/public/messages-schedule/route.ts';
import { messagesSendRoute } from './http/public/messages-send/route.ts';
import { messageSchemas } from './http/public/messages-send/schemas/messages.ts';
import { operations } from './http/public/operations.ts';
import { preferenceCenterRoutes } from './http/public/preference-centers/route.ts';
import { pushAppsRoute } from './http/public/push-apps/route.ts';
import { sandboxRoutes } from './http/public/sandbox/route.ts';
import { segmentRoutes } from './http/public/segments/route.ts';
import { sendRoutes } from './http/public/sends/route.ts';
import { smsRoutes } from './http/public/sms/route.ts';
import { statusRoute } from './http/public/status/route.ts';
import { subscriptionAccountsRoute } from './http/public/subscription/accounts-route.ts';
import { subscriptionRoutes } from './http/public/subscription/route.ts';
import { audienceSchemas } from './http/public/target-schemas.ts';
import { triggerRoutes } from './http/public/triggers/route.ts';
import { triggerScheduleRoutes } from './http/public/triggers/schedule-routes.ts';
import { userConsentRoutes } from './http/public/user-consent/route.ts';
import { userMessagesRoutes } from './http/public/user-messages/route.ts';
import { identityRoutes } from './http/public/users/identity-route.ts';
import { userRoutes } from './http/public/users/route.ts';
import { createQuestions } from './http/questions.ts';
import { createRateLimiter } from './http/rate/rate-limiter.ts';
import { RefusedCallers } from './http/refused-callers.ts';
import type { Route } from './http/route.ts';
import { buildServer, type ServerOptions } from './http/server.ts';
import { checkUses } from './item-catalogs/check-uses.ts';
import type { Clock } from './lib/clock.ts';
import { endAll } from './lib/end-all.ts';
import { dashed } from './lib/uuid.ts';
import { type MeterDump, Meters } from './metrics/meters.ts';
import { unusedNames } from './people/activity/names.ts';
import { keepCustomIndex } from './people/profile/custom-index.ts';
import type { CatalogUseAt } from './templating/tree.ts';
import type { Traces } from './traces/traces.ts';
import type { ApiKey, Catalog } from './workspace/catalog.ts';
import type { FileStamp } from './workspace/file/plan-file.ts';
import type { ReadServerFile } from './workspace/file/server-file.ts';
import type { Secret } from './workspace/secrets.ts';
import type { CatalogTrouble } from './workspace/watch-catalog.ts';

const MOST_LIST_BYTES = 1_073_741_824;

export interface AppOptions {
  db: Database;
  /** Returns the newest snapshot. */
  catalog(): Catalog;
  /** Resolves when the definitions have been read again. */
  refreshCatalog(): Promise<void>;
  /** Why the newest definitions cannot be used. null: they are. Absent: as null. */
  catalogTrouble?(): CatalogTrouble | null;
  clock: Clock;
  log: Logger;
  secret: KeyObject;
  /** The secret that seals credentials: operators read what is defined, without its secrets. */
  sealing: Secret;
  /** What the workspace file of this server would change. Absent: it has none. */
  planFile?: PlanFile;
  /** Tells when that file has changed. Absent: nobody knows. */
  stampFile?: () => FileStamp;
  /** What that file defines. Absent: there is none. */
  serverFile?: ReadServerFile;
  /** Base URL of links to people, without a slash at the end. */
  publicUrl: string;
  bodyLimitBytes: number;
  /** Most bytes of recipient lists that a workspace may have stored. Default: 1 GiB. */
  mostListBytes?: number;
  trustedProxyHops: number;
  /** Whether only requests for `localhost` are answered. Default: the `Host` header may hold anything. */
  onlyLocalHosts?: boolean;
  queueLimits: QueueLimits;
  retentionDays: number;
  /** Whether the database was just made, so that there is nothing to delete yet. Default: it was not. */
  isNew?: boolean;
  /**
   * `worker`: the lanes that this thread works on. Empty: it is not a worker. `health`: without the role `api`, it serves
   * `/health` and nothing else.
   */
  roles: { api: boolean; worker: readonly LaneName[]; health?: boolean };
  /** Number of threads of this process that share its broadcasts. Default: 1. */
  broadcastThreads?: number;
  /** Other threads of this process with which the answers to templates' calls are shared. Absent: there are none. */
  neighbours?: Neighbours | undefined;
  /** Makes what is built listen. No work is taken before it resolves, and none at all if it rejects. Absent: the caller does it later. */
  beforeWork?: ((built: Listeners) => Promise<void>) | undefined;
  /** Whether a worker applies feedback in this thread. Default: if it works on named people. */
  appliesFeedback?: boolean;
  onKeyUsed?: (key: ApiKey) => void;
  /** The metrics of the other threads of this process. Absent: there are none. */
  otherMeters?: () => Promise<readonly MeterDump[]>;
  /** Whether the metrics of this thread are also about the whole process. Default: they are not. */
  metersProcess?: boolean;
  /** For tests: push senders to use instead of the real ones. A kind without a sender goes to the sandbox. */
  pushSenders?: PushSenders;
  /** For tests: gets certificates of SNS instead of the network. */
  getText?: GetText;
  /** Certificate and key, as PEM, with which bounce mails may be encrypted on their way. Default: they may not. */
  mailTls?: { cert: string; key: string } | null;
  /** Who is told, elsewhere than in the console, of what is wrong. Default: nobody. */
  alerts?: AlertTargets | null;
  /** Makes the traces of requests and their dispatches. Default: there are none. */
  traces?: Traces;
  /** How operators sign in by OpenID Connect. Default: they do not. */
  openId?: OpenIdPageDeps['openId'] | null;
}

/** What the caller makes listen. */
export interface Listeners {
  /** null without the role `api`. */
  server: FastifyInstance | null;
  /** Serves only `/health`. null unless `roles.health`. */
  healthServer: FastifyInstance | null;
  /** Receives bounce mails. null without the role `api`. */
  mailListener: MailListener | null;
}

export interface App extends Listeners {
  worker: Worker | null;
  /** Tells operators of troubles. null: nobody is told. */
  alerts: Alerts | null;
  /** Where everything goes in that comes back of messages. */
  intake: Intake;
  meters: Meters;
  /** Every endpoint that needs an API key. */
  routes: readonly Route[];
  /** Every endpoint without a key. */
  pages: readonly Page[];
  /** Every endpoint for operators. */
  operatorRoutes: readonly OperatorRoute[];
  /** The OpenAPI document. */
  document(): object;
  /** Stops everything, last started first. Work in hand finishes or is given back. */
  stop(): Promise<void>;
}

/** The only place where things are wired together. */
export async function startApp(options: AppOptions): Promise<App> {
  const { db, clock, log, roles } = options;
  const meters = new Meters({ known: knownCounts, ofProcess: options.metersProcess === true });
  const cache = new DispatchCache();
  const links = createLinkMaker(options);
  const trackers = createTrackerMaker(options);
  const desk = new ContentDesk({ clock, neighbours: options.neighbours });
  // A broadcast thread leaves this to the main thread of its server.
  const runsHousekeeping = roles.api || roles.worker.includes('named');
  const { retentionDays, isNew } = options;
  const housekeeping = runsHousekeeping ? startHousekeeping({ db, clock, log, retentionDays, isNew }) : null;
  const stopSegmentSizes = runsHousekeeping
    ? keepSegmentSizes({ db, clock, log, catalog: options.catalog })
    : () => undefined;
  const stopIndexKeeper = roles.worker.includes('named') ? keepCustomIndex({ db, clock, log }) : () => undefined;
  let working: Working | null = null;
  const acceptor = createAcceptor({
    db,
    clock,
    onAccepted({ dispatchId, plan, request, lane }) {
      if (working === null || !roles.worker.some((name) => lanes[name] === lane)) return;
      const content = plan.content === undefined ? noContent : cache.texts.kept(plan.content);
      // Without its texts at hand, the worker reads both.
      if (content !== null) cache.remember(dashed(dispatchId), plan, request, content);
      working.worker.wake(lane);
    },
  });
  const intake = createIntake({ db, clock, meters, onTaken: () => working?.wakeFeedback() });
  // Each question goes to the newest snapshot.
  const live: Catalog = {
    workspace: (id) => options.catalog().workspace(id),
    workspaceOfApp: (appId) => options.catalog().workspaceOfApp(appId),
    workspaceOfGroup: (groupId) => options.catalog().workspaceOfGroup(groupId),
    apiKey: (hash) => options.catalog().apiKey(hash),
    takesKeysInBodies: () => options.catalog().takesKeysInBodies(),
    returnPaths: () => options.catalog().returnPaths(),
  };
  let exporter: Exporter | null = null;
  let alerts: Alerts | null = null;
  const catalogTrouble = () => options.catalogTrouble?.() ?? null;
  const questions = createQuestions();
  const preview = createPreview({ db, clock, links, trackers, desk, publicUrl: options.publicUrl });
  const dryRun = createDryRun({ db, clock, links, trackers, desk });
  const listDryRun = createListDryRun({ db, clock, links, trackers, desk });
  const stored = {
    findContent: contentFinder(db, cache.texts),
    async findUnused(workspaceId: number, names: readonly string[]) {
      const workspace = live.workspace(workspaceId);
      const none: ReadonlyMap<string, string | null> = new Map();
      return workspace === undefined
        ? none
        : unusedNames(db, { workspace, kind: 'custom_attribute', now: clock.now() }, names);
    },
    checkCatalogs: (workspaceId: number, uses: readonly CatalogUseAt[]) => checkUses(db, workspaceId, uses),
  };
  const pressure = createPressure({
    db,
    clock,
    limits: options.queueLimits,
    onError: (error) => log.warn({ err: error }, 'could not read the state of the queue'),
    onChange: (lane, problem) =>
      problem === null
        ? log.info({ lane }, 'the queue has room again; sends are accepted')
        : log.warn({ lane, problem }, 'the queue is full; sends are refused'),
  });
  const sending: SendDeps = {
    ...options,
    questions,
    acceptor,
    idempotency: createIdempotency({ db, clock }),
    stored,
    dryRun,
    pressure,
  };
  const scheduling: SchedulingDeps = {
    ...{ db, clock, catalog: options.catalog, stored, dryRun, questions },
    onScheduled: () => working?.worker.wake(scheduleLane),
  };
  const refusedCallers = new RefusedCallers(clock);
  const counter = createCounter({ db, clock });
  const routes: Route[] = [
    messagesSendRoute(sending),
    messagesPreviewRoute({ clock, catalog: options.catalog, stored, questions, preview }),
    ...triggerRoutes(sending),
    ...messagesScheduleRoutes(scheduling),
    ...triggerScheduleRoutes(scheduling),
    dispatchListsRoute({ ...sending, listDryRun, mostListBytes: options.mostListBytes ?? MOST_LIST_BYTES }),
    ...dispatchRoutes({
      ...{ db, clock, counter, catalog: live },
      onRunnable: (lane) => working?.worker.wake(lane),
      onStopped: (dispatchId) => working?.worker.stopDispatch(dispatchId),
    }),
    ...sandboxRoutes({ db }),
    ...messageEventRoutes({ db }),
    ...eventWebhookRoutes({ db, onChanged: () => working?.wakeEventWebhooks() }),
    pushAppsRoute({ db, clock, catalog: live }),
    emailRelaysRoute({ db, clock, catalog: live, publicUrl: options.publicUrl }),
    subscriptionAccountsRoute({ db, clock, catalog: live }),
    statusRoute({ db, clock, catalog: live, catalogTrouble, limits: options.queueLimits, pressure, refusedCallers }),
    ...userRoutes({ db, clock, catalog: live }),
    ...userMessagesRoutes({ db, clock, catalog: live }),
    ...userConsentRoutes({ db }),
    ...emailRoutes({ db, clock }),
    ...smsRoutes({ db }),
    ...subscriptionRoutes({ db, clock, catalog: live }),
    ...emailTemplateRoutes({ db, clock }),
    ...contentBlockRoutes({ db, clock, catalog: live }),
    ...identityRoutes({ db, clock, catalog: live }),
    ...campaignReadingRoutes({ db, clock, catalog: live }),
    ...sendRoutes({ db, clock, catalog: live }),
    ...segmentRoutes({ db, clock, catalog: live, questions }),
    ...nameRoutes({ db, catalog: live, publicUrl: options.publicUrl }),
    blocklistRoute({ db, refreshCatalog: options.refreshCatalog }),
    ...activitySeriesRoutes({ db, clock, catalog: live }),
    ...canvasRoutes({ db, clock, catalog: live }),
    ...feedRoutes(),
    ...preferenceCenterRoutes(options),
    ...mediaLibraryRoutes({ db, clock, catalog: live, publicUrl: options.publicUrl }),
    ...itemCatalogRoutes({ db, clock, catalog: live }),
    ...audienceRoutes({ db, clock, catalog: live, questions, stored }),
    ...exportRoutes({ db, clock, catalog: live, publicUrl: options.publicUrl, onStored: () => exporter?.wake() }),
  ];
  const mailListener = roles.api
    ? createMailListener({
        ...{ db, clock, log, intake, catalog: live, secret: options.secret },
        tls: options.mailTls ?? null,
      })
    : null;
  const limiter = createRateLimiter({ db, clock });
  const { publicUrl } = options;
  const openId = options.openId ?? null;
  const openIdSignIn = roles.api && openId !== null ? createOpenIdPages({ ...options, openId }) : null;
  const operator = {
    routes: operatorRoutes({
      openId: openId === null ? null : { label: openId.label, url: `${publicUrl}${OPENID_PATH}` },
      ...{ db, clock, log, catalog: live, catalogTrouble, refusedCallers, publicUrl, dryRun, questions, counter },
      ...{ sealing: options.sealing, planFile: options.planFile, stampFile: options.stampFile },
      ...{ serverFile: options.serverFile, refreshCatalog: options.refreshCatalog },
      checks: { ...audienceChecks, ...messageChecks },
      onRunnable: (lane) => working?.worker.wake(lane),
      publicRoutes: routes,
    }),
    access: createAccess({ db, clock, catalog: live, publicUrl }),
  };
  const allOperations = { ...operations, ...operatorOperations };
  const schemas = { ...messageSchemas, ...audienceSchemas };
  const document = () =>
    openApiDocument({ routes, operatorRoutes: operator.routes, operations: allOperations, schemas });
  const dumps = async () => [await meters.dump(), ...((await options.otherMeters?.()) ?? [])];
  const probes = [
    healthPage(db, catalogTrouble),
    livezPage(),
    readyzPage(db),
    metricsPage({ db, clock, catalog: live, dumps }),
  ];
  const pages = [
    ...probes,
    openApiPage(document),
    ...consolePages({ files: new ConsoleFiles(), publicUrl }),
    exportFilePage({ db, clock }),
    ...mediaFilePages({ db, clock }),
    ...preferenceCenterPages({ ...options, catalog: live }),
    ...trackingPages({ db, clock, log, catalog: live, intake, secret: options.secret }),
    ...(openIdSignIn?.pages ?? []),
    ...subscriptionPages({ db, clock, secret: options.secret }),
    ...webPushPages({ db, clock, catalog: live, limiter }),
    ...contentCardPages({ db, clock, catalog: live, intake }),
    ...callbackPages({ ...options, catalog: live, intake }),
  ];
  const limitOf = (workspaceId: number, bucket: { name: string; limit: number }) =>
    options.catalog().workspace(workspaceId)?.settings.rateLimits[bucket.name] ?? bucket.limit;
  const onRefused: ServerOptions['onRefused'] = ({ workspaceId, name: key }, endpoint, { code, errors }) => {
    const why = errors.join('; ');
    const isNew = refusedCallers.note({ workspaceId, key, endpoint, why, code });
    if (isNew) log.warn({ workspace_id: workspaceId, key, endpoint, why }, 'a key comes too often and gets 429');
  };
  const serving = { meters, routes, pages, operator, rewriteUrl: toConsole };
  const server = roles.api ? buildServer({ ...options, ...serving, limiter, limitOf, onRefused }) : null;
  const healthServer =
    roles.health === true ? buildServer({ ...options, meters, routes: [], pages: probes, limiter, limitOf }) : null;
  const stop = () =>
    endAll(
      () => server?.close(),
      () => healthServer?.close(),
      () => openIdSignIn?.close(),
      () => mailListener?.close(),
      () => acceptor.idle(),
      () => intake.idle(),
      () => exporter?.stop(),
      () => alerts?.stop(),
      () => working?.stop(),
      () => desk.close(),
      stopIndexKeeper,
      stopSegmentSizes,
      async () => (await housekeeping)?.(),
    );
  try {
    await housekeeping; // the partitions of today
    await options.beforeWork?.({ server, healthServer, mailListener });
    if (roles.worker.includes('broadcast'))
      exporter = startExporter({ db, clock, log, catalog: options.catalog, listReceived, publicUrl });
    if (runsHousekeeping && options.alerts)
      alerts = startAlerts({ ...options, catalogTrouble, targets: options.alerts });
    if (roles.worker.length > 0)
      working = await startWorking(
        { ...options, meters, lanes: roles.worker, referenceOf: (send) => signReference(options.secret, send) },
        { cache, links, trackers, desk },
      );
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    ...{ server, healthServer, mailListener, intake, meters, routes, pages, document, stop },
    worker: working?.worker ?? null,
    alerts,
    operatorRoutes: operator.routes,
  };
}
