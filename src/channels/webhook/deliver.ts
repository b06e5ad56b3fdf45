import { type Agent, type Dispatcher, request } from 'undici';
import { version } from '../../lib/version.ts';
import { findPassage, type Passage } from '../../net/guard.ts';
import { pinnedAgent } from '../../net/pinned-agent.ts';
import { reachedNobody } from '../../net/reached-nobody.ts';
import { readRetryAfter } from '../../net/retry-after.ts';
import { type Outcome, refusedByUs, STOPPED } from '../outcome.ts';
import { connectionWords, MAX_WORDS_BYTES, replyWords, withWords } from '../provider-words.ts';
import type { Sender } from '../sender.ts';
import { withOurs } from './headers.ts';
import { isSecretHeader } from './masked.ts';
import type { RenderedWebhook } from './rendered.ts';
import { NO_ANSWER, readStatus } from './reply.ts';

const TIMEOUT_MS = 90_000;
const MAX_RESPONSE_BYTES = 1_048_576;
const limits = { connectMs: 10_000, answerMs: TIMEOUT_MS, maxResponseBytes: MAX_RESPONSE_BYTES };
const BLOCKED =
  'the URL leads to an address or port that may not be called; webhook.allow in the workspace file lists exceptions';
const MALFORMED = 'after rendering, the URL, a header or the body cannot be sent over HTTP';

/** Makes one request per person, only to public addresses and those in `allow`. Follows no redirects. */
export function createWebhookSender(allow: readonly string[]): Sender<RenderedWebhook> {
  const open = new Set<Agent>();

  async function call(
    passage: Passage & { allowed: true },
    hook: RenderedWebhook,
    dispatchId: string,
  ): Promise<Outcome> {
    const agent = pinnedAgent(passage, limits);
    open.add(agent);
    try {
      const response = await request(passage.url, {
        dispatcher: agent,
        method: hook.method,
        headers: withOurs(hook.headers, { 'user-agent': `Cresset/${version}`, 'x-dispatch-id': dispatchId }),
        body: hook.body,
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const { statusCode: status, headers } = response;
      const outcome = readStatus(status, readRetryAfter(headers['retry-after'], new Date()));
      if (outcome.kind === 'accepted') {
        await discard(response.body);
        return outcome;
      }
      const body = headers['content-encoding'] === undefined ? await beginningOf(response.body) : Buffer.alloc(0);
      return withWords(outcome, replyWords({ status, body }, secretsOf(hook)));
    } finally {
      open.delete(agent);
      agent.destroy().catch(ignoreClosed);
    }
  }

  return {
    async deliver({ rendered: hook, dispatchId }, signal) {
      try {
        const passage = await findPassage(hook.url, { allow });
        if (!passage.allowed) return refusedByUs('blocked_target', BLOCKED);
        // Looking up the name may have taken a while.
        if (signal.aborted) return { kind: 'held', untilMs: null, reason: STOPPED };
        return await call(passage, hook, dispatchId);
      } catch (error) {
        return outcomeOf(error, hook.url);
      }
    },
    async close() {
      await Promise.all([...open].map((agent) => agent.destroy()));
    },
  };
}

/** Codes of errors that say that the request itself is not one of HTTP. Nothing of it was sent, and no retry helps. */
const malformed: ReadonlySet<string> = new Set(['UND_ERR_INVALID_ARG', 'UND_ERR_NOT_SUPPORTED', 'ERR_INVALID_CHAR']);

function outcomeOf(error: unknown, url: string): Outcome {
  const code = codeOf(error);
  if (malformed.has(code)) return refusedByUs('malformed_request', MALFORMED);
  const outcome: Outcome = {
    kind: 'retry',
    reason: `${NO_ANSWER} ${code}`,
    ...(!reachedNobody(error) && { isUnclear: true }),
  };
  return URL.canParse(url) ? withWords(outcome, connectionWords(error, new URL(url))) : outcome;
}

/** The beginning of a body that says why the call failed. The connection is not used again. */
async function beginningOf(body: Dispatcher.ResponseData['body']): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    chunks.push(chunk.subarray(0, MAX_WORDS_BYTES - bytes));
    bytes += chunk.length;
    if (bytes >= MAX_WORDS_BYTES) break;
  }
  return Buffer.concat(chunks);
}

/** What we sent and an answer may repeat: the values of secret headers and of the URL's query. */
function secretsOf({ url, headers }: RenderedWebhook): string[] {
  const inHeaders = Object.entries(headers).flatMap(([name, value]) => (isSecretHeader(name) ? value : []));
  return [...inHeaders, ...new URL(url).searchParams.values()];
}

/** Reads and drops the body, so that the server can finish. Only the status is used. */
async function discard(body: Dispatcher.ResponseData['body']): Promise<void> {
  try {
    await body.dump({ limit: MAX_RESPONSE_BYTES });
  } catch (error) {
    if (codeOf(error) !== 'UND_ERR_RES_EXCEEDED_MAX_SIZE') throw error;
  }
}

function ignoreClosed(): void {
  // The connection is closed, as intended.
}

function codeOf(error: unknown): string {
  const { code, name } = Object(error) as { code?: unknown; name?: unknown };
  return typeof code === 'string' ? code : typeof name === 'string' ? name : 'error';
}
