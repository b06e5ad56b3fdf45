import {
  AggregatorRegistry,
  Counter,
  collectDefaultMetrics,
  Histogram,
  type MetricObjectWithValues,
  type MetricValue,
  Gauge as PrometheusGauge,
  Registry,
} from 'prom-client';
import type { Gauge } from './gauge.ts';

/** The metrics of one thread, as plain data that another thread can be sent. */
export type MeterDump = MetricObjectWithValues<MetricValue<string>>[];

/** A channel, and who takes its messages: a kind of provider, `sandbox` or, if nobody was asked, `none`. */
export interface Way {
  channel: string;
  provider: string;
}

export interface MetersOptions {
  /** The values of labels that exist from the start, at 0. A counter that appears at 1 hides its first increase. */
  known: { sends: readonly (Way & { verdict: string })[]; calls: readonly Way[]; failures: readonly string[] };
  /** True: this thread also tells of the process: its memory, its processor time, the lag of its event loop. */
  ofProcess: boolean;
}

/** Upper bounds of the buckets of durations, in seconds. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/**
 * What one thread counts while it works, for Prometheus. All of it begins at 0 with the process, and is about this process
 * alone; what all servers share is read from the database when it is asked for (`dispatch/report/gauges.ts`).
 */
export class Meters {
  readonly #registry = new Registry();
  readonly #requests: Counter<'method' | 'route' | 'status'>;
  readonly #accepts: Histogram<'route'>;
  /** Answers since they were asked for, by route, method and status: counting by labels costs more than the rest. */
  readonly #answers = new Map<string, Map<string, Map<number, number>>>();
  readonly #acceptsOf = new Map<string, Histogram.Internal<'route'>>();
  readonly #sends: Counter<'channel' | 'provider' | 'verdict'>;
  /** Messages since they were asked for, by verdict, channel and provider. */
  readonly #decided = new Map<string, Map<string, Map<string, number>>>();
  readonly #calls: Histogram<'channel' | 'provider'>;
  readonly #failures: Counter<'channel' | 'provider' | 'class'>;
  readonly #feedback: Counter<'provider' | 'event'>;

  constructor({ known, ofProcess }: MetersOptions) {
    const registers = [this.#registry];
    this.#requests = new Counter({
      name: 'cresset_http_requests_total',
      help: 'Answered requests. route: the template of the path; "unmatched" for paths that do not exist.',
      labelNames: ['method', 'route', 'status'],
      registers,
      collect: () => this.#tellAnswers(),
    });
    this.#accepts = new Histogram({
      name: 'cresset_accept_seconds',
      help: 'Time from the arrival of a request to send to its answer, for requests that were accepted.',
      labelNames: ['route'],
      buckets: SECONDS,
      registers,
    });
    this.#sends = new Counter({
      name: 'cresset_sends_total',
      help: 'Messages with a final verdict, by channel and provider. provider "none": nobody was asked. Those that a cancelled dispatch leaves are not among them.',
      labelNames: ['channel', 'provider', 'verdict'],
      registers,
      collect: () => this.#tellDecided(),
    });
    this.#calls = new Histogram({
      name: 'cresset_provider_seconds',
      help: 'Time from the call of a provider to its answer.',
      labelNames: ['channel', 'provider'],
      buckets: SECONDS,
      registers,
    });
    this.#failures = new Counter({
      name: 'cresset_provider_errors_total',
      help: 'Calls of providers that did not end well, by what it means for the message.',
      labelNames: ['channel', 'provider', 'class'],
      registers,
    });
    this.#feedback = new Counter({
      name: 'cresset_feedback_total',
      help: 'Events that came back of messages, repeated ones among them.',
      labelNames: ['provider', 'event'],
      registers,
    });
    for (const send of known.sends) this.#sends.inc({ ...send }, 0);
    for (const way of known.calls) {
      this.#calls.zero({ ...way });
      for (const name of known.failures) this.#failures.inc({ ...way, class: name }, 0);
    }
    if (ofProcess) collectDefaultMetrics({ register: this.#registry, prefix: 'cresset_' });
  }

  /** `route`: the template of the path, of which there are few. */
  answered(method: string, route: string, status: number): void {
    const ofRoute = getOrMake(this.#answers, route, () => new Map<string, Map<number, number>>());
    const ofMethod = getOrMake(ofRoute, method, () => new Map<number, number>());
    ofMethod.set(status, (ofMethod.get(status) ?? 0) + 1);
  }

  accepted(route: string, seconds: number): void {
    getOrMake(this.#acceptsOf, route, () => this.#accepts.labels(route)).observe(seconds);
  }

  #tellAnswers(): void {
    for (const [route, methods] of this.#answers)
      for (const [method, statuses] of methods)
        for (const [status, count] of statuses) this.#requests.inc({ method, route, status: String(status) }, count);
    this.#answers.clear();
  }

  decided({ channel, provider }: Way, verdict: string): void {
    const ofVerdict = getOrMake(this.#decided, verdict, () => new Map<string, Map<string, number>>());
    const ofChannel = getOrMake(ofVerdict, channel, () => new Map<string, number>());
    ofChannel.set(provider, (ofChannel.get(provider) ?? 0) + 1);
  }

  #tellDecided(): void {
    for (const [verdict, channels] of this.#decided)
      for (const [channel, providers] of channels)
        for (const [provider, count] of providers) this.#sends.inc({ channel, provider, verdict }, count);
    this.#decided.clear();
  }

  /** One call of a provider. `failure`: its class. null: it ended well. */
  called(way: Way, seconds: number, failure: string | null): void {
    this.#calls.observe({ ...way }, seconds);
    if (failure !== null) this.#failures.inc({ ...way, class: failure });
  }

  heard(provider: string, event: string): void {
    this.#feedback.inc({ provider, event });
  }

  dump(): Promise<MeterDump> {
    return this.#registry.getMetricsAsJSON();
  }
}

function getOrMake<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

/** The text for Prometheus: the metrics of several threads, summed up, and numbers of this moment. */
export async function textOf(dumps: readonly MeterDump[], gauges: readonly Gauge[]): Promise<string> {
  const text = await AggregatorRegistry.aggregate([...dumps]).metrics();
  const registry = new Registry();
  for (const { name, help, values } of gauges) {
    const labelNames = Object.keys(values[0]?.labels ?? {});
    const one = new PrometheusGauge({ name, help, labelNames, registers: [registry] });
    for (const { labels, value } of values) one.set({ ...labels }, value);
  }
  return `${text}${await registry.metrics()}`;
}
