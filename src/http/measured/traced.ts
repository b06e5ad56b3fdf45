import type { FastifyRequest } from 'fastify';
import { errorCodes, RequestError } from '../../errors.ts';
import { failureOf, noTraces, type Span, type Traces } from '../../traces/traces.ts';
import type { Answer, Route } from '../route.ts';
import { sinceArrivalMs } from './arrivals.ts';

/** Answers a request within the span of its trace, which begins when the request came. `answer` gets null if it is not traced. */
export function traced(
  route: Route,
  request: FastifyRequest,
  traces: Traces,
  answer: (span: Span | null) => Promise<Answer>,
): Promise<Answer> {
  const mayBe = route.isTraced === true && traces !== noTraces;
  const span = mayBe ? begin(route, request, traces) : null;
  return span === null ? answer(null) : answerWithin(span, answer);
}

async function answerWithin(span: Span, answer: (span: Span) => Promise<Answer>): Promise<Answer> {
  try {
    const answered = await answer(span);
    span.end(statusOf(answered.status));
    return answered;
  } catch (error) {
    const status = error instanceof RequestError ? errorCodes[error.code].status : 500;
    // What the caller did wrong is no failure of the server.
    if (status < 500) span.end({ ...statusOf(status), 'error.type': failureOf(error) });
    else span.end(statusOf(status), failureOf(error));
    throw error;
  }
}

function begin({ method, path }: Route, request: FastifyRequest, traces: Traces): Span | null {
  return traces.request({
    name: `${method} ${path}`,
    traceparent: request.headers.traceparent,
    startedAt: Date.now() - sinceArrivalMs(request),
    facts: { 'http.request.method': method, 'http.route': path, 'cresset.request_id': request.id },
  });
}

function statusOf(status: number) {
  return { 'http.response.status_code': status };
}
