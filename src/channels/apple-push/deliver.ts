import type { Http2Answer } from '../../net/http2/client/exchange.ts';
import { Http2Pool, type Http2PoolOptions } from '../../net/http2/client/pool.ts';
import { readUnanswered } from '../answers/provider-reply.ts';
import { replyWords, withWords } from '../answers/provider-words.ts';
import type { NotBegun } from '../outcome.ts';
import type { Push, PushEnvironment, PushOutcome, PushSender, PushSenderOptions } from '../push/sender.ts';
import { type ApnsHost, readApnsApp } from './apns-app.ts';
import { providerTokens } from './provider-tokens.ts';
import { type ApnsReading, buildHeaders, outcomeWithoutCall, readReply } from './providers/apns.ts';
import type { RenderedApplePush } from './render.ts';
import type { ApnsSettings } from './settings.ts';

/** Headers that are not added to HPACK's table. Apple asks for this, because its tables are small. */
const UNINDEXED = [':path', 'authorization'];

/**
 * Sends to the Apple Push Notification service. Each app has its own connections, so that one connection never carries
 * tokens of two signing keys. Source: messaging-objects.md §3.3 and §3.4.
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

  function read(answer: Http2Answer, { token, registeredAt }: Push, origin: string): Reading {
    if (answer.kind === 'unanswered') return { outcome: readUnanswered(answer, origin) };
    const reading = readReply(answer, { token, registeredAt, now: clock.now() });
    if (reading.retiresConnection) answer.connection.retire();
    if (reading.holdsToken) tokens.hold();
    if (reading.outcome.kind === 'accepted') return reading;
    return { ...reading, outcome: withWords(reading.outcome, replyWords(answer, [token])) };
  }

  /** The answer of one host, after one more try if a new token or connection may help. */
  async function ask(host: ApnsHost, message: Message): Promise<Reading> {
    const jwt = tokens.current();
    const reading = read(await call(host, message, jwt), message.push, host.origin);
    if (reading.remedy === undefined || reading.remedy === 'other_host') return reading;
    const next = reading.remedy === 'new_token' ? tokens.renew(jwt) : jwt;
    return next === null ? reading : read(await call(host, message, next), message.push, host.origin);
  }

  /** The outcome for a token whose host is unknown. When the first host does not know it, the other is tried once. */
  async function find(message: Message): Promise<PushOutcome | NotBegun> {
    const reading = await ask(hosts[first], message);
    if (reading.remedy !== 'other_host') return knownAt(first, reading.outcome);
    const second: PushEnvironment = first === 'production' ? 'development' : 'production';
    const { outcome } = await ask(hosts[second], message);
    // A key may be valid for one host only. Then that host's answer is the only one.
    return outcome.kind === 'config_error' ? reading.outcome : knownAt(second, outcome);
  }

  return {
    async deliver(push: Push<RenderedApplePush>, signal: AbortSignal): Promise<PushOutcome | NotBegun> {
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

type Reading = Omit<ApnsReading, 'outcome'> & { outcome: PushOutcome | NotBegun };

interface Message {
  push: Push<RenderedApplePush>;
  body: string;
  signal: AbortSignal;
}

/** Whether Apple has accepted our token, whatever it says about the message. */
function isAuthenticated(status: number): boolean {
  return status !== 403 && status < 500;
}

function knownAt<Outcome extends PushOutcome | NotBegun>(environment: PushEnvironment, outcome: Outcome): Outcome {
  return outcome.kind === 'accepted' ? { ...outcome, environment } : outcome;
}
