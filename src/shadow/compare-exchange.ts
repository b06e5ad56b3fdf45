import { mediaTypeOf, parsed, unpacked } from './body.ts';
import { type Compared, type Difference, differencesOf } from './differences.ts';
import { type Treatment, treatmentOf } from './endpoints.ts';
import type { Exchange } from './exchange.ts';
import { headerOf } from './headers.ts';
import type { AnsweredHere, Here } from './here.ts';
import { repeatedBody, splitOnce, withoutKey } from './repeated-request.ts';
import type { NotCompared } from './summary.ts';

export interface Verdict {
  /** Method and path, as Cresset's OpenAPI document writes it; if it is not in there, as it came. */
  endpoint: string;
  treatment: Treatment | null;
  notCompared: NotCompared | null;
  differences: readonly Difference[];
  /** null: the request was not repeated here, or got no answer. */
  here: AnsweredHere | null;
  bodies: { request: Buffer; there: Buffer };
  /** Why Cresset did not answer. */
  trouble?: string;
}

const LONGEST_PATH = 200;

/** Does the same here that was done there, and compares. Throws nothing that a request can cause. */
export async function compareExchange(here: Here, exchange: Exchange): Promise<Verdict> {
  const [path] = splitOnce(exchange.url);
  const known = here.findEndpoint(exchange.method, path);
  const treatment = known === null ? null : treatmentOf(exchange.method, path);
  const none = { request: Buffer.alloc(0), there: Buffer.alloc(0) };
  const endpoint = known ?? `${exchange.method} ${path.slice(0, LONGEST_PATH)}`;
  const verdict: Verdict = { endpoint, treatment, notCompared: null, differences: [], here: null, bodies: none };
  const early = withoutRepeating(exchange, known, treatment);
  if (early !== null || treatment === null) return { ...verdict, ...early };
  try {
    verdict.bodies = await bodiesOf(exchange);
  } catch {
    return { ...verdict, notCompared: 'body_unreadable' };
  }
  return repeatAndCompare(here, exchange, { ...verdict, treatment });
}

/** What can be said without asking Cresset. null: it must be asked. */
function withoutRepeating(
  { ending, status, method, request, response }: Exchange,
  known: string | null,
  treatment: Treatment | null,
): Partial<Verdict> | null {
  if (ending === 'unreachable') return { notCompared: 'upstream_unreachable' };
  if (ending === 'failed') return { notCompared: 'upstream_failed' };
  if (ending === 'caller_left') return { notCompared: 'caller_left' };
  if (method === 'HEAD' || method === 'OPTIONS') return { notCompared: 'not_repeated' };
  // Whoever the original refuses must not get at Cresset with the key of this proxy.
  if (status === 401 || status === 403 || status === 429) return { notCompared: 'refused_there' };
  if (status >= 500) return { notCompared: 'failed_there' };
  if (known === null && status === 404) return { notCompared: 'unknown_to_both' };
  if (known === null) return { differences: [{ kind: 'unknown_endpoint', there: status, here: 404 }] };
  if (treatment === null) return { notCompared: 'not_repeated' };
  if (request.lost !== null) return { notCompared: request.lost };
  return response.lost === 'dropped' ? { notCompared: 'dropped' } : null;
}

async function bodiesOf({ request, requestHeaders, response, headers }: Exchange): Promise<Verdict['bodies']> {
  return {
    request: await unpacked(request.bytes(), headerOf(requestHeaders, 'content-encoding')),
    there: await unpacked(response.bytes(), headerOf(headers, 'content-encoding')),
  };
}

async function repeatAndCompare(
  here: Here,
  exchange: Exchange,
  verdict: Verdict & { treatment: Treatment },
): Promise<Verdict> {
  const body = repeatedBody(verdict.treatment, verdict.bodies.request);
  if (body === null) return { ...verdict, notCompared: 'body_unreadable' };
  const { method, url, requestHeaders } = exchange;
  try {
    const answer = await here.repeat({
      ...{ method: method === 'GET' ? 'GET' : 'POST', url: withoutKey(url), body },
      contentType: headerOf(requestHeaders, 'content-type'),
    });
    return { ...verdict, here: answer, ...compared(exchange, verdict, answer) };
  } catch (error) {
    return { ...verdict, notCompared: 'cresset_failed', trouble: (error as Error).message };
  }
}

function compared(
  { status, headers, response }: Exchange,
  { treatment, bodies }: Verdict & { treatment: Treatment },
  here: AnsweredHere,
): Pick<Verdict, 'differences' | 'notCompared'> {
  const isWhole = response.lost === null && !here.isTooLarge;
  const there: Compared = {
    ...{ status, mediaType: mediaTypeOf(headerOf(headers, 'content-type')) },
    json: isWhole ? parsed(bodies.there) : undefined,
  };
  const differences = differencesOf(treatment, there, isWhole ? here : { ...here, json: undefined });
  return { differences, notCompared: isWhole ? null : 'body_too_large' };
}
