import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { createWatchers } from '../../rig/watchers.ts';

/** A span as a collector gets it. */
export interface CollectedSpan {
  traceId: string;
  spanId: string;
  /** null: it is the root. */
  parentSpanId: string | null;
  name: string;
  /** 1: internal, 2: server, 3: client. */
  kind: number;
  startMs: number;
  endMs: number;
  /** 2: something went wrong. */
  status: number;
  facts: Record<string, string | number | boolean>;
  /** What the process says of itself. */
  resource: Record<string, string | number | boolean>;
}

export interface TraceCollector {
  /** The base URL for `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  url: string;
  spans: CollectedSpan[];
  /** Headers of each post. */
  posts: Record<string, unknown>[];
  until(done: () => boolean): Promise<void>;
}

interface Attribute {
  key: string;
  value: { stringValue?: string; intValue?: number | string; doubleValue?: number; boolValue?: boolean };
}

interface OtlpBody {
  resourceSpans: {
    resource: { attributes: Attribute[] };
    scopeSpans: {
      spans: (Record<string, string> & { kind: number; attributes: Attribute[]; status: { code?: number } })[];
    }[];
  }[];
}

/** A collector that speaks OTLP over HTTP, as JSON. `answer`: the status of its answers. */
export async function startTraceCollector(t: TestContext, answer: () => number = () => 200): Promise<TraceCollector> {
  const watchers = createWatchers();
  const spans: CollectedSpan[] = [];
  const posts: Record<string, unknown>[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const isOurs = request.method === 'POST' && request.url === '/v1/traces';
    const status = isOurs ? answer() : 404;
    posts.push({ ...request.headers, status });
    if (status === 200) spans.push(...spansOf(JSON.parse(Buffer.concat(chunks).toString('utf8'))));
    response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
    watchers.look();
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  t.after(() => {
    server.closeAllConnections();
    return new Promise((closed) => server.close(closed));
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, spans, posts, until: watchers.until };
}

function spansOf({ resourceSpans }: OtlpBody): CollectedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map(({ traceId = '', spanId = '', parentSpanId = '', name = '', ...span }) => ({
        ...{ traceId, spanId, name, kind: span.kind },
        parentSpanId: parentSpanId === '' ? null : parentSpanId,
        startMs: Number(BigInt(span.startTimeUnixNano ?? 0) / 1_000_000n),
        endMs: Number(BigInt(span.endTimeUnixNano ?? 0) / 1_000_000n),
        status: span.status.code ?? 0,
        facts: factsOf(span.attributes),
        resource: factsOf(resource.attributes),
      })),
    ),
  );
}

function factsOf(attributes: readonly Attribute[]): CollectedSpan['facts'] {
  return Object.fromEntries(
    attributes.map(({ key, value: { stringValue, intValue, doubleValue, boolValue } }) => [
      key,
      stringValue ?? (intValue === undefined ? undefined : Number(intValue)) ?? doubleValue ?? boolValue ?? '',
    ]),
  );
}
