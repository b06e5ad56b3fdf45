import {
  createContextKey,
  DiagLogLevel,
  diag,
  type Span as OpenSpan,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { parseTraceParent, setGlobalErrorHandler } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  SamplingDecision,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { Logger } from 'pino';
import { systemClock } from '../lib/clock.ts';
import { version } from '../lib/project/version.ts';
import { Repeats } from '../lib/repeats.ts';
import type { SamplerName } from './samplers.ts';
import type { Facts, Parent, Span, SpanOptions, Traces } from './traces.ts';

export interface TraceOptions {
  /** URL to which spans are posted. */
  url: string;
  /** Headers of these posts. */
  headers: Readonly<Record<string, string>>;
  /** Attributes of this process. */
  resource: Readonly<Record<string, string>>;
  sampler: SamplerName;
  /** The part of traces that is sampled, from 0 to 1. */
  ratio: number;
}

/** Time for which a stopping thread still sends spans, in milliseconds. */
const LAST_WORDS_MS = 2_000;
const LONGEST_REASON = 300;

/** Starts tracing in this thread. The module is loaded only where it is on: it takes some 30 MB. */
export function startTraces(options: TraceOptions, log: Logger): Traces {
  sayTroubles(log);
  const { url, headers, resource } = options;
  const exporter = new OTLPTraceExporter({ url, headers: { ...headers } });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ ...resource }),
    sampler: decidingOnce(samplerOf(options)),
    // What the collector does not take in time is dropped: at most 2,048 spans wait.
    spanProcessors: [new BatchSpanProcessor({ exporter, scheduledDelayMillis: 1_000 })],
  });
  return tracesOf(provider.getTracer('cresset', version), () => provider.shutdown(), log);
}

function tracesOf(tracer: Tracer, shutdown: () => Promise<void>, log: Logger): Traces {
  return {
    request({ name, traceparent, startedAt, facts }) {
      const parent = typeof traceparent === 'string' ? contextOf(traceparent) : null;
      const options = { kind: SpanKind.SERVER, startTime: startedAt, attributes: { ...facts } };
      const span = tracer.startSpan(name, options, parent ?? ROOT_CONTEXT);
      return span.isRecording() ? new Recorded(tracer, span) : null;
    },
    resume(traceparent) {
      const parent = traceparent === null ? null : contextOf(traceparent);
      return parent === null ? null : new Resumed(tracer, parent);
    },
    async stop() {
      const late = Promise.withResolvers<void>();
      const timer = setTimeout(late.resolve, LAST_WORDS_MS);
      const ended = shutdown().catch((error: unknown) => log.warn({ err: error }, 'the last spans could not be sent'));
      await Promise.race([ended, late.promise]);
      clearTimeout(timer);
    },
  };
}

type Context = typeof ROOT_CONTEXT;

/** null: it is no `traceparent`. */
function contextOf(traceparent: string): Context | null {
  const parsed = parseTraceParent(traceparent);
  return parsed === null ? null : trace.setSpanContext(ROOT_CONTEXT, { ...parsed, isRemote: true });
}

class Resumed implements Parent {
  readonly #tracer: Tracer;
  readonly #context: Context;

  constructor(tracer: Tracer, context: Context) {
    this.#tracer = tracer;
    this.#context = context;
  }

  child(name: string, { kind = 'internal', facts = {} }: SpanOptions = {}): Span {
    const options = { kind: kind === 'client' ? SpanKind.CLIENT : SpanKind.INTERNAL, attributes: { ...facts } };
    return new Recorded(this.#tracer, this.#tracer.startSpan(name, options, this.#context.setValue(DECIDED, true)));
  }
}

class Recorded extends Resumed implements Span {
  readonly #span: OpenSpan;

  constructor(tracer: Tracer, span: OpenSpan) {
    super(tracer, trace.setSpan(ROOT_CONTEXT, span));
    this.#span = span;
  }

  get traceparent(): string {
    const { traceId, spanId, traceFlags } = this.#span.spanContext();
    return `00-${traceId}-${spanId}-${(traceFlags & TraceFlags.SAMPLED).toString(16).padStart(2, '0')}`;
  }

  end(facts: Facts = {}, failure?: string): void {
    if (!this.#span.isRecording()) return;
    this.#span.setAttributes({ ...facts });
    if (failure !== undefined) {
      this.#span.setAttribute('error.type', failure);
      this.#span.setStatus({ code: SpanStatusCode.ERROR });
    }
    this.#span.end();
  }
}

/** Marks what hangs in a trace that is sampled already. */
const DECIDED = createContextKey('cresset: sampled at the request');

/** Asks the sampler for requests alone, so that a trace is whole even if processes have different samplers. */
function decidingOnce(sampler: Sampler): Sampler {
  return {
    shouldSample: (context, ...rest) =>
      context.getValue(DECIDED) === true
        ? { decision: SamplingDecision.RECORD_AND_SAMPLED }
        : sampler.shouldSample(context, ...rest),
    toString: () => sampler.toString(),
  };
}

function samplerOf({ sampler, ratio }: TraceOptions): Sampler {
  const roots = {
    always_on: () => new AlwaysOnSampler(),
    always_off: () => new AlwaysOffSampler(),
    traceidratio: () => new TraceIdRatioBasedSampler(ratio),
  };
  const [, isParentBased, name] = /^(parentbased_)?(.+)$/.exec(sampler) ?? [];
  const root = roots[name as keyof typeof roots]();
  return isParentBased === undefined ? root : new ParentBasedSampler({ root });
}

/** A collector that does not answer must not fill the log. */
function sayTroubles(log: Logger): void {
  const said = new Repeats(systemClock);
  const say = (what: string) => {
    const reason = what.slice(0, LONGEST_REASON);
    const level = said.isRepeated(reason.replace(/\d+/g, '0')) ? 'debug' : 'warn';
    log[level]({ reason }, 'spans could not be sent; some are lost');
  };
  setGlobalErrorHandler((error) => say(error instanceof Error ? error.message : String(error)));
  const quiet = () => undefined;
  diag.setLogger(
    { error: say, warn: say, info: quiet, debug: quiet, verbose: quiet },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
}
