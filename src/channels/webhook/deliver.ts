import { version } from '../../lib/project/version.ts';
import { BLOCKED_TARGET, createGuardedPools } from '../../net/guarded-pools.ts';
import { HostHealth, MOST_FAILURES } from '../../net/host-health.ts';
import { NotBegunError, type PostReply } from '../../net/http-post.ts';
import { reachedNobody } from '../../net/reached-nobody.ts';
import { readRetryAfter } from '../../net/retry-after.ts';
import { hostOf } from '../answers/provider-reply.ts';
import { connectionWords, MAX_WORDS_BYTES, replyWords, withWords } from '../answers/provider-words.ts';
import { drainOnClose } from '../drain-on-close.ts';
import { type Held, type Outcome, refusedByUs, STOPPED } from '../outcome.ts';
import type { Outbound, Sender, SenderOptions } from '../sender.ts';
import { withOurs } from './headers.ts';
import { isSecretHeader } from './masked.ts';
import type { RenderedWebhook } from './rendered.ts';
import { NO_ANSWER, NOT_CALLED, readStatus } from './reply.ts';

/** Most connections of a process to one receiver. Each carries one request at a time. */
const MAX_CONNECTIONS = 512;
const TIMEOUT_MS = 90_000;
const BLOCKED =
  'leads to an address or port that may not be called; webhook.allow in the workspace file lists exceptions';
const MALFORMED = 'after rendering, the URL, a header or the body cannot be sent over HTTP';
const USER_AGENT = `Cresset/${version}`;

const RESTS = `the host failed more than ${MOST_FAILURES.toLocaleString('en-US')} times within a minute, so it is not called for a minute`;

/**
 * Makes one request per person, only to public addresses and those in `allow`. Follows no redirects. Requests to one
 * receiver share connections. A host that fails too often is not called for a minute.
 */
export function createWebhookSender(
  allow: readonly string[],
  { threads, nowMs, log }: Pick<SenderOptions, 'threads' | 'nowMs' | 'log'>,
): Sender<RenderedWebhook> {
  const hosts = new HostHealth({ mostShare: 0, probes: 0 });
  const connections = Math.ceil(MAX_CONNECTIONS / threads);
  const pools = createGuardedPools({ allow, connections, replyTimeoutMs: TIMEOUT_MS });
  // The messages of a dispatch seldom differ in their URLs, and reading one costs as much as sending it.
  let last: { text: string; url: URL | null } = { text: '', url: null };

  function urlOf(text: string): URL | null {
    if (last.text !== text) last = { text, url: URL.parse(text) };
    return last.url;
  }

  function noted(outcome: Outcome | Held, { hostname }: URL): Outcome | Held {
    const isRest = outcome.kind === 'retry' && hosts.note(hostname, Number(outcome.reason.slice(0, 3)), nowMs());
    if (isRest) log.warn({ host: hostname }, `webhooks: ${RESTS}`);
    return outcome;
  }

  async function deliver(
    { rendered: hook, dispatchId }: Outbound<RenderedWebhook>,
    mayBegin: AbortSignal,
  ): Promise<Outcome | Held> {
    const url = urlOf(hook.url);
    if (url === null || !isCallable(url)) return blocked(url);
    if (!hosts.mayCall(url.hostname, nowMs())) return { kind: 'retry', reason: NOT_CALLED, detail: RESTS };
    try {
      const pool = await pools.open(url.origin);
      if (pool === null) return blocked(url);
      const reply = await pool.post({
        method: hook.method,
        path: url.pathname + url.search,
        headers: withOurs(hook.headers, { 'user-agent': USER_AGENT, 'x-dispatch-id': dispatchId }),
        body: hook.body,
        maxReplyBytes,
        timeoutMs: TIMEOUT_MS,
        mayBegin,
      });
      return noted(outcomeOf(reply, hook, url), url);
    } catch (error) {
      return noted(failureOf(error, url), url);
    }
  }

  return drainOnClose(deliver, () => pools.close());
}

/** The rest of a URL may be a person's own. */
function blocked(url: URL | null): Outcome {
  const named = url !== null && url.hostname !== '';
  return refusedByUs('blocked_target', `the URL ${named ? `at ${hostOf(url)} ` : ''}${BLOCKED}`);
}

function isCallable({ protocol, username, password }: URL): boolean {
  return (protocol === 'https:' || protocol === 'http:') && username === '' && password === '';
}

/** The body of a success says nothing, so its end is not awaited. */
function maxReplyBytes(status: number): number {
  return isSuccess(status) ? 0 : MAX_WORDS_BYTES;
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

function outcomeOf({ status, headers, body }: PostReply, hook: RenderedWebhook, url: URL): Outcome {
  const outcome = readStatus(status, readRetryAfter(headers['retry-after'], new Date()));
  if (outcome.kind === 'accepted') return outcome;
  const said = headers['content-encoding'] === undefined ? body : Buffer.alloc(0);
  return withWords(outcome, replyWords({ status, body: said }, secretsOf(hook, url)));
}

/** Codes of errors that say that the request itself is not one of HTTP. Nothing of it was sent, and no retry helps. */
const malformed: ReadonlySet<string> = new Set(['malformed_request']);

function failureOf(error: unknown, url: URL): Outcome | Held {
  if (error instanceof NotBegunError) return { kind: 'held', untilMs: null, reason: STOPPED };
  const code = codeOf(error);
  if (code === BLOCKED_TARGET) return blocked(url);
  if (malformed.has(code)) return refusedByUs('malformed_request', MALFORMED);
  const outcome: Outcome = {
    kind: 'retry',
    reason: `${NO_ANSWER} ${code}`,
    ...(!reachedNobody(error) && { isUnclear: true }),
  };
  return withWords(outcome, connectionWords(error, url));
}

/** What we sent and an answer may repeat: the values of secret headers and of the URL's query. */
function secretsOf({ headers }: RenderedWebhook, url: URL): string[] {
  const inHeaders = Object.entries(headers).flatMap(([name, value]) => (isSecretHeader(name) ? value : []));
  return [...inHeaders, ...url.searchParams.values()];
}

function codeOf(error: unknown): string {
  const { code, name } = Object(error) as { code?: unknown; name?: unknown };
  return typeof code === 'string' ? code : typeof name === 'string' ? name : 'error';
}
