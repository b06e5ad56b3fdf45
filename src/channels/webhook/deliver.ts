import { readFileSync } from 'node:fs';
import { Agent, type Dispatcher, request } from 'undici';
import { findPassage, type Passage } from '../../net/guard.ts';
import { reachedNobody } from '../../net/reached-nobody.ts';
import { readRetryAfter } from '../../net/retry-after.ts';
import type { Outcome } from '../outcome.ts';
import type { Sender } from '../sender.ts';
import { withOurs } from './headers.ts';
import type { RenderedWebhook } from './rendered.ts';
import { NO_ANSWER, readStatus } from './reply.ts';

const TIMEOUT_MS = 90_000;
const CONNECT_TIMEOUT_MS = 10_000;
const MAX_RESPONSE_BYTES = 1_048_576;
const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** Makes one request per person, only to public addresses and those in `allow`. Follows no redirects. */
export function createWebhookSender(allow: readonly string[]): Sender<RenderedWebhook> {
  const open = new Set<Agent>();

  async function call(
    passage: Passage & { allowed: true },
    hook: RenderedWebhook,
    dispatchId: string,
  ): Promise<Outcome> {
    const agent = pinnedAgent(passage);
    open.add(agent);
    try {
      const response = await request(passage.url, {
        dispatcher: agent,
        method: hook.method,
        headers: withOurs(hook.headers, { 'user-agent': `Cresset/${version}`, 'x-dispatch-id': dispatchId }),
        body: hook.body,
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      await discard(response.body);
      return readStatus(response.statusCode, readRetryAfter(response.headers['retry-after'], new Date()));
    } finally {
      open.delete(agent);
      agent.destroy().catch(ignoreClosed);
    }
  }

  return {
    async deliver({ rendered: hook, dispatchId }) {
      try {
        const passage = await findPassage(hook.url, { allow });
        return passage.allowed ? await call(passage, hook, dispatchId) : { kind: 'failed', reason: 'blocked_target' };
      } catch (error) {
        return outcomeOf(error);
      }
    },
    async close() {
      await Promise.all([...open].map((agent) => agent.destroy()));
    },
  };
}

/** Codes of errors that say that the request itself is not one of HTTP. Nothing of it was sent, and no retry helps. */
const malformed: ReadonlySet<string> = new Set(['UND_ERR_INVALID_ARG', 'UND_ERR_NOT_SUPPORTED', 'ERR_INVALID_CHAR']);

function outcomeOf(error: unknown): Outcome {
  const code = codeOf(error);
  if (malformed.has(code)) return { kind: 'failed', reason: 'malformed_request' };
  return { kind: 'retry', reason: `${NO_ANSWER} ${code}`, ...(!reachedNobody(error) && { isUnclear: true }) };
}

/** Connects to the checked address only, because a second lookup could return another. */
function pinnedAgent({ address, family }: { address: string; family: 4 | 6 }): Agent {
  return new Agent({
    connect: {
      timeout: CONNECT_TIMEOUT_MS,
      lookup: (_host, options, done) => (options.all ? done(null, [{ address, family }]) : done(null, address, family)),
    },
    headersTimeout: TIMEOUT_MS,
    bodyTimeout: TIMEOUT_MS,
    maxResponseSize: MAX_RESPONSE_BYTES,
    pipelining: 1,
  });
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
