/** What is said of a span. Nothing about a person, and no text that somebody sent. */
export type Facts = Readonly<Record<string, string | number | boolean>>;

export interface SpanOptions {
  /** `client`: a call to a provider. Default: work inside. */
  kind?: 'internal' | 'client';
  facts?: Facts;
}

/** Where spans may hang: a span of this process, or one that another process or an earlier time has left. */
export interface Parent {
  child(name: string, options?: SpanOptions): Span;
}

/** One stage of a sampled trace. */
export interface Span extends Parent {
  /** Names this span to other processes, as a W3C `traceparent`: 55 characters. */
  readonly traceparent: string;
  /** Ends it once; later calls do nothing. `failure`: a word for what went wrong. Absent: nothing did. */
  end(facts?: Facts, failure?: string): void;
}

/** A request that may be traced. */
export interface TracedRequest {
  name: string;
  /** The header of the caller. Whatever is no `traceparent` counts as none. */
  traceparent: string | string[] | undefined;
  /** When it came, in milliseconds since 1970. */
  startedAt: number;
  facts: Facts;
}

/** Makes spans. Whether a trace is sampled is decided once, for the request; what is stored is sampled. */
export interface Traces {
  /** Begins the span of a request. null: it is not sampled. */
  request(request: TracedRequest): Span | null;
  /** Goes on with a stored trace. null: there is none, or this process traces nothing. */
  resume(traceparent: string | null): Parent | null;
  /** Sends what has ended, for a few seconds at most. */
  stop(): Promise<void>;
}

/** Traces nothing. */
export const noTraces: Traces = {
  request: () => null,
  resume: () => null,
  stop: () => Promise.resolve(),
};

/** Runs something within a span, which ends with it. null: nothing is traced. */
export async function within<T>(
  span: Span | null,
  run: () => Promise<T>,
  factsOf: (result: T) => Facts = () => ({}),
): Promise<T> {
  if (span === null) return run();
  try {
    const result = await run();
    span.end(factsOf(result));
    return result;
  } catch (error) {
    span.end({}, failureOf(error));
    throw error;
  }
}

/** A code or the name of a class. Messages of errors may repeat what somebody sent. */
export function failureOf(error: unknown): string {
  const { code, name } = Object(error) as { code?: unknown; name?: unknown };
  return typeof code === 'string' ? code : typeof name === 'string' ? name : 'error';
}
