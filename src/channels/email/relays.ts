import { Breaker } from '../../lib/limits/breaker.ts';
import type { Outcome } from '../outcome.ts';
import { createSmtpSender, type Mail, type SmtpResult, type SmtpSender } from './deliver.ts';
import type { SmtpRelay } from './settings.ts';

/** The outcome of a mail, and the name of the relay that decided it. null: no relay could be tried. */
export interface Relayed {
  outcome: Outcome;
  relay: string | null;
}

export interface Relays {
  deliver(mail: Mail): Promise<Relayed>;
  close(): Promise<void>;
}

export interface RelaysOptions {
  relays: readonly SmtpRelay[];
  /** Most connections to each relay. */
  maxConnections: number;
  nowMs(): number;
  /** Called when a relay is paused after repeated failures. The other relays get its mails. */
  onPaused(relay: string, untilMs: number, reason: string): void;
  /** Called when a relay refuses our settings. */
  onRefused(relay: string, reason: string): void;
}

/** Number of a relay's own failures in a row after which it is paused. */
const FAILURES_TO_PAUSE = 5;

/**
 * Several relays, in the order of preference. Each mail goes to the first available relay. The mails themselves show
 * whether a relay is available: after repeated failures it is paused, and then one mail at a time probes whether it
 * works again. If there is no other relay, later mails wait for the result of the probe. A mail goes on to the next
 * relay only if the one before certainly does not have it, and the reason was not the mail or its recipient.
 */
export function createRelays({ relays: configured, maxConnections, nowMs, ...events }: RelaysOptions): Relays {
  const relays = configured.map(({ name, url }) => new Relay(name, createSmtpSender({ url, maxConnections })));

  async function tryRelay(relay: Relay, mail: Mail): Promise<SmtpResult> {
    const result = await relay.sender.deliver(mail);
    const { outcome, blame } = result;
    const isFailure = blame === 'relay' || blame === 'unclear';
    const reason = 'reason' in outcome ? outcome.reason : '';
    if (outcome.kind === 'config_error') events.onRefused(relay.name, reason);
    if (relay.breaker.note(isFailure, nowMs())) events.onPaused(relay.name, relay.breaker.openUntil(nowMs()), reason);
    return result;
  }

  /** null: no relay is available. */
  async function tryInOrder(mail: Mail): Promise<Relayed | null> {
    let last: Relayed | null = null;
    for (const relay of relays) {
      if (!relay.isAvailable(nowMs())) continue;
      const { outcome, blame } = await relay.probing(tryRelay(relay, mail));
      const relayed = { outcome, relay: relay.name };
      if (blame !== 'relay') return relayed;
      // Settings may be wrong at one relay only. If another relay does not answer, a retry may succeed there.
      if (last === null || last.outcome.kind === 'config_error') last = relayed;
    }
    return last;
  }

  return {
    async deliver(mail) {
      for (;;) {
        const relayed = await tryInOrder(mail);
        if (relayed !== null) return relayed;
        const probes = relays.flatMap(({ probe }) => probe ?? []);
        if (probes.length === 0) return noneAvailable(relays, nowMs());
        await Promise.race(probes);
      }
    },
    async close() {
      await Promise.all(relays.map(({ sender }) => sender.close()));
    },
  };
}

function noneAvailable(relays: readonly Relay[], nowMs: number): Relayed {
  const soonest = Math.min(...relays.map(({ breaker }) => breaker.openUntil(nowMs)));
  const afterMs = Math.max(soonest - nowMs, 0);
  return { outcome: { kind: 'retry', reason: 'no relay answers', afterMs }, relay: null };
}

class Relay {
  readonly name: string;
  readonly sender: SmtpSender;
  readonly breaker = new Breaker(FAILURES_TO_PAUSE);
  /** The mail that probes a paused relay; the promise ends when its result is known. null: no probe is pending. */
  probe: Promise<unknown> | null = null;

  constructor(name: string, sender: SmtpSender) {
    this.name = name;
    this.sender = sender;
  }

  isAvailable(nowMs: number): boolean {
    return this.breaker.openUntil(nowMs) === 0 && this.probe === null;
  }

  probing<T>(asked: Promise<T>): Promise<T> {
    if (!this.breaker.isHalfOpen) return asked;
    const ended = () => {
      this.probe = null;
    };
    this.probe = asked.then(ended, ended);
    return asked;
  }
}
