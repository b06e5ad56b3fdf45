import type { Http2Answer } from '../../net/http2/client/exchange.ts';
import { Http2Pool, type Http2PoolOptions } from '../../net/http2/client/pool.ts';
import { readUnanswered } from '../provider-reply.ts';
import type { Push, PushEnvironment, PushOutcome, PushSender, PushSenderOptions } from '../push-sender.ts';
import { type ApnsHost, readApnsApp } from './apns-app.ts';
import { providerTokens } from './provider-tokens.ts';
import { type ApnsReading, buildHeaders, outcomeWithoutCall, readReply } from './providers/apns.ts';
import type { RenderedApplePush } from './render.ts';
import type { ApnsSettings } from './settings.ts';

/** Apple asks for it: its tables are small. */
const UNINDEXED = [':path', 'authorization'];

/**
 * Hands messages to the Apple Push Notification service. Each app has connections of its own, so that one connection
 * never carries tokens of two signing keys. Source: messaging-objects.md §3.3 and §3.4.
 */
export function createApnsSender(
  { settings, clock }: PushSenderOptions<ApnsSettings>,
  network: Partial<Http2PoolOptions> = {},
): PushSender<RenderedApplePush> {
  const { topic, signer, hosts, first } = readApnsApp(settings);
  const hasTwoHosts = hosts.production.origin !== hosts.development.origin;
  const tokens = providerTokens(signer, clock);
  const pools = new Map<string, Http2Pool>();

  function poolOf({ origin }: ApnsHost): Http2Pool {
    const pool =
      pools.get(origin) ??
      new Http2Pool({ origin, provenBy: isAuthenticated, unindexed: UNINDEXED, ...network, clock });
    pools.set(origin, pool);
    return pool;
  }

  function call(host: ApnsHost, { push, body, signal }: Message, jwt: string): Promise<Http2Answer> {
    const headers = buildHeaders(push, { prefix: host.prefix, topic, jwt });
    return poolOf(host).request({ headers, body, observer: push.observer }, signal);
  }

  function read(answer: Http2Answer, { token, registeredAt }: Push): ApnsReading {
    if (answer.kind === 'unanswered') return { outcome: readUnanswered(answer) };
    const reading = readReply(answer, { token, registeredAt, now: clock.now() });
    if (reading.retiresConnection) answer.connection.retire();
    if (reading.holdsToken) tokens.hold();
    return reading;
  }

  /** One host's word, after what may be mended about our own token or connection. */
  async function ask(host: ApnsHost, message: Message): Promise<ApnsReading> {
    const jwt = tokens.current();
    const reading = read(await call(host, message, jwt), message.push);
    if (reading.remedy === undefined || reading.remedy === 'other_host') return reading;
    const next = reading.remedy === 'new_token' ? tokens.renew(jwt) : jwt;
    return next === null ? reading : read(await call(host, message, next), message.push);
  }

  /** Of a token of which nothing is known the other host is asked too, once. */
  async function find(message: Message): Promise<PushOutcome> {
    const reading = await ask(hosts[first], message);
    if (reading.remedy !== 'other_host') return knownAt(first, reading.outcome);
    const second: PushEnvironment = first === 'production' ? 'development' : 'production';
    const { outcome } = await ask(hosts[second], message);
    // A key may be good for one of the hosts only; then the other's word is all there is.
    return outcome.kind === 'config_error' ? reading.outcome : knownAt(second, outcome);
  }

  return {
    async deliver(push: Push<RenderedApplePush>, signal: AbortSignal): Promise<PushOutcome> {
      const needless = outcomeWithoutCall(push, clock.now());
      if (needless !== null) return needless;
      const message = { push, body: JSON.stringify(push.rendered.payload), signal };
      if (push.environment === null && hasTwoHosts) return find(message);
      return (await ask(hosts[push.environment ?? first], message)).outcome;
    },
    async close() {
      await Promise.all([...pools.values()].map((pool) => pool.close()));
    },
  };
}

interface Message {
  push: Push<RenderedApplePush>;
  body: string;
  signal: AbortSignal;
}

/** Whatever Apple says of the message, it knows us. */
function isAuthenticated(status: number): boolean {
  return status !== 403 && status < 500;
}

function knownAt(environment: PushEnvironment, outcome: PushOutcome): PushOutcome {
  return outcome.kind === 'accepted' ? { ...outcome, environment } : outcome;
}
