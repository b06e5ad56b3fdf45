import { type SamplerName, samplerNames } from '../traces/samplers.ts';
import { url, type Variable } from './variable.ts';

/**
 * The variables of OpenTelemetry, with the names and defaults of its specification. Without an endpoint nothing is traced, and
 * then a value that cannot be used is no problem either: other programs may share the environment.
 */
export interface TraceConfig {
  otelDisabled: boolean;
  /** URL of a collector, to which `/v1/traces` is added. null: none. */
  otelEndpoint: string | null;
  /** URL for traces, used as it is. null: that of `otelEndpoint`. */
  otelTracesEndpoint: string | null;
  otelExporter: 'otlp' | 'none';
  otelProtocol: string;
  otelHeaders: Readonly<Record<string, string>>;
  otelServiceName: string | null;
  otelResource: Readonly<Record<string, string>>;
  otelSampler: SamplerName;
  /** The part of traces that is sampled, from 0 to 1. */
  otelSamplerArg: number;
}

const endpoint = {
  fallback: null,
  expected: 'a URL that starts with http:// or https://',
  read: url(['http:', 'https:']),
} as const;
const pairs = { fallback: {}, shownFallback: 'unset: none' } as const;

export const traceVariables: { [K in keyof TraceConfig]: Variable<TraceConfig[K]> } = {
  otelDisabled: {
    name: 'OTEL_SDK_DISABLED',
    fallback: false,
    shownFallback: '`false`',
    expected: 'true or false',
    meaning: '`true`: nothing is traced.',
    read: (text) => ({ true: true, false: false })[text.toLowerCase()],
  },
  otelEndpoint: {
    name: 'OTEL_EXPORTER_OTLP_ENDPOINT',
    ...endpoint,
    shownFallback: 'unset: nothing is traced',
    meaning:
      'An OpenTelemetry collector that gets traces as OTLP over HTTP, at this URL with `/v1/traces`. See [operations.md](operations.md#traces).',
  },
  otelTracesEndpoint: {
    name: 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
    ...endpoint,
    shownFallback: 'unset: made of `OTEL_EXPORTER_OTLP_ENDPOINT`',
    meaning: 'The URL for traces, to which nothing is added.',
  },
  otelExporter: {
    name: 'OTEL_TRACES_EXPORTER',
    fallback: 'otlp',
    shownFallback: '`otlp`',
    expected: 'otlp or none',
    meaning: '`none`: nothing is traced.',
    read: (text) => (text === 'otlp' || text === 'none' ? text : undefined),
  },
  otelProtocol: {
    name: 'OTEL_EXPORTER_OTLP_PROTOCOL',
    fallback: 'http/json',
    shownFallback: '`http/json`',
    expected: 'http/json or http/protobuf, which a collector takes at the same URL; grpc is not spoken',
    meaning: 'Traces are sent as JSON, whichever of the two it says.',
    read: (text) => ['http/json', 'http/protobuf'].find((one) => one === text),
  },
  otelHeaders: {
    name: 'OTEL_EXPORTER_OTLP_HEADERS',
    ...pairs,
    expected: 'a comma-separated list such as api-key=…,tenant=acme, with values encoded as in URLs',
    meaning: 'Headers of the requests to the collector.',
    read: pairsOf(/^[\t -~\u0080-\u00ff]*$/),
  },
  otelServiceName: {
    name: 'OTEL_SERVICE_NAME',
    fallback: null,
    shownFallback: '`cresset`',
    expected: '1 to 255 characters',
    meaning: 'The name of this server in traces.',
    read: (text) => (/^\P{Cc}{1,255}$/u.test(text) ? text : undefined),
  },
  otelResource: {
    name: 'OTEL_RESOURCE_ATTRIBUTES',
    ...pairs,
    expected: 'a comma-separated list such as deployment.environment.name=staging,service.namespace=crm',
    meaning: 'What else traces say of this server.',
    read: pairsOf(/^\P{Cc}*$/u),
  },
  otelSampler: {
    name: 'OTEL_TRACES_SAMPLER',
    fallback: 'parentbased_always_on',
    shownFallback: '`parentbased_always_on`',
    expected: `one of ${samplerNames.join(', ')}`,
    meaning:
      "Which requests are traced. `parentbased_…`: as the caller's `traceparent` says, and what follows decides for requests without one.",
    read: (text) => samplerNames.find((name) => name === text),
  },
  otelSamplerArg: {
    name: 'OTEL_TRACES_SAMPLER_ARG',
    fallback: 1,
    shownFallback: '`1`',
    expected: 'a number from 0 to 1',
    meaning: 'The part of requests that `traceidratio` traces.',
    read: (text) => (/^(0|1|0?\.\d{1,9}|1\.0{1,9})$/.test(text) ? Number(text) : undefined),
  },
};

/** Where spans are posted. null: nothing is traced. */
export function tracesUrl(config: TraceConfig): string | null {
  if (config.otelDisabled || config.otelExporter === 'none') return null;
  if (config.otelTracesEndpoint !== null) return config.otelTracesEndpoint;
  return config.otelEndpoint === null ? null : `${config.otelEndpoint.replace(/\/+$/, '')}/v1/traces`;
}

/** Whether a problem of the environment is one. Where nothing is traced, those of tracing are not. */
export function isRealProblem(problem: string, config: TraceConfig): boolean {
  return !problem.startsWith('OTEL_') || tracesUrl(config) !== null || /^OTEL_\w+_ENDPOINT:/.test(problem);
}

const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,255}$/;

/** Reads the form of W3C baggage: `name=value`, with the value percent-encoded. `allowed`: what values may be. */
function pairsOf(allowed: RegExp): (text: string) => Readonly<Record<string, string>> | undefined {
  return (text) => {
    const pairs = text.split(',').filter((pair) => pair.trim() !== '');
    const read = pairs.map((pair) => {
      const at = pair.indexOf('=');
      return [pair.slice(0, Math.max(at, 0)).trim(), decoded(pair.slice(at + 1).trim())] as const;
    });
    const isRead = (pair: (typeof read)[number]): pair is readonly [string, string] =>
      NAME.test(pair[0]) && pair[1] !== null && allowed.test(pair[1]);
    return read.every(isRead) ? Object.fromEntries(read) : undefined;
  };
}

/** null: it is not percent-encoded text. */
function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
