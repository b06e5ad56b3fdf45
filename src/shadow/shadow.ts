import type { Server } from 'node:http';
import { BytesInHand } from '../lib/limits/bytes-in-hand.ts';
import { compareExchange, type Verdict } from './compare-exchange.ts';
import type { Exchange } from './exchange.ts';
import { headerOf } from './headers.ts';
import { openHere } from './here.ts';
import { createProxy } from './proxy.ts';
import { secretsOf, splitOnce, withoutKey } from './repeated-request.ts';
import type { Report } from './report.ts';
import { Counts, type Summary } from './summary.ts';

export interface ShadowOptions {
  upstream: URL;
  cresset: { url: URL; key: string };
  /** Is closed by `stop`. */
  report: Report;
  /** Whether the report has queries and bodies. */
  bodies: boolean;
  /** Most bytes of requests that wait for being compared. */
  bufferBytes: number;
  onTrouble(error: Error): void;
}

/** A proxy that listens once its `server` is told to. */
export interface Shadow {
  server: Server;
  summary(): Summary;
  /** Resolves when everything that was passed on so far has been compared. */
  idle(): Promise<void>;
  /** Ends what is under way, for `graceMs` at most; what then still waits counts as dropped. */
  stop(graceMs: number): Promise<void>;
}

/** What an exchange takes of the buffer beside its bodies, in bytes: its headers, at most 16 KB each way, are mostly short. */
const EXCHANGE_BYTES = 4_096;

/** Throws CressetUnusableError. */
export async function createShadow(options: ShadowOptions): Promise<Shadow> {
  const here = await openHere(options.cresset);
  const { report } = options;
  const room = new BytesInHand(options.bufferBytes);
  const counts = new Counts();
  let [last, isOver]: [Promise<void>, boolean] = [Promise.resolve(), false];

  /** One after another, in the order in which the original answered: a read must find what was written before it. */
  function take(exchange: Exchange): void {
    counts.pass();
    const release = room.take(EXCHANGE_BYTES);
    if (release === null) drop(exchange);
    else last = last.then(() => (isOver ? drop(exchange) : judge(exchange))).finally(release);
  }

  function drop(exchange: Exchange): void {
    clear(exchange);
    counts.count('', [], 'dropped');
  }

  async function judge(exchange: Exchange): Promise<void> {
    try {
      const verdict = await compareExchange(here, exchange);
      counts.count(verdict.endpoint, verdict.differences, verdict.notCompared);
      if (verdict.differences.length > 0 || verdict.notCompared !== null) await tell(exchange, verdict);
    } catch (error) {
      options.onTrouble(error as Error);
    } finally {
      clear(exchange);
    }
  }

  async function tell(exchange: Exchange, verdict: Verdict): Promise<void> {
    const authorization = headerOf(exchange.requestHeaders, 'authorization');
    const secrets = secretsOf(authorization, exchange.url, verdict.bodies.request);
    await report.write(lineOf(exchange, verdict, options.bodies), [...secrets, options.cresset.key]);
  }

  const proxy = createProxy({ upstream: options.upstream, room, onExchange: take });
  return {
    server: proxy.server,
    summary: () => counts.summary(report.unwritten()),
    idle: () => last,
    async stop(graceMs) {
      const graceEnds = Date.now() + graceMs;
      await closeWithin(proxy.server, graceMs);
      await proxy.close();
      const giveUp = () => {
        isOver = true;
        void here.close();
      };
      const timer = setTimeout(giveUp, Math.max(0, graceEnds - Date.now()));
      await last;
      clearTimeout(timer);
      await here.close();
      await report.close();
    },
  };
}

function clear({ request, response }: Exchange): void {
  request.clear();
  response.clear();
}

function closeWithin(server: Server, graceMs: number): Promise<void> {
  return new Promise((closed) => {
    const timer = setTimeout(() => server.closeAllConnections(), graceMs);
    server.close(() => {
      clearTimeout(timer);
      closed();
    });
    server.closeIdleConnections();
  });
}

/** One line of the report. docs/shadow.md explains its members. */
function lineOf(exchange: Exchange, verdict: Verdict, withBodies: boolean): object {
  const { at, method, url, status, tookMs } = exchange;
  const { endpoint, treatment, notCompared, differences, here, trouble, bodies } = verdict;
  return {
    ...{ at: new Date(at).toISOString(), endpoint, treatment, took_ms: tookMs },
    ...{ there: status === 0 ? null : status, here: here?.status ?? null },
    ...(notCompared !== null && { not_compared: notCompared }),
    ...(trouble !== undefined && { trouble }),
    differences,
    ...(withBodies && {
      ...{ method, path: splitOnce(url)[0], query: splitOnce(withoutKey(url))[1] ?? '' },
      request_body: bodies.request.toString('utf8'),
      bodies: { there: bodies.there.toString('utf8'), here: here?.body.toString('utf8') ?? null },
    }),
  };
}
