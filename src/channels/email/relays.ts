import { Breaker } from '../../lib/breaker.ts';
import type { Outcome } from '../outcome.ts';
import { createSmtpSender, type Mail, type SmtpResult, type SmtpSender } from './deliver.ts';
import type { SmtpRelay } from './settings.ts';

/** What came of a mail, and by which relay; null when none could be asked. */
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
  /** Most to each of them. */
  maxConnections: number;
  nowMs(): number;
  /** A relay is left alone for a while; the others have its mails. */
  onRest(relay: string, untilMs: number, reason: string): void;
  /** A relay does not accept our settings. */
  onRefused(relay: string, reason: string): void;
}

/** As many failures of the relay itself in a row. */
const FAILURES_TO_REST = 5;

/**
 * Several relays, in the order of preference: each mail goes to the first that is well. Whether one is well is known from the
 * mails themselves: after some failures in a row it rests, and then one mail at a time shows whether it is back; if there is no
 * other relay, the mails that come meanwhile wait for what that one finds. A mail goes on to the next relay only if the one
 * before has certainly not taken it, and not because of the mail or its recipient.
 */
export function createRelays({ relays, maxConnections, nowMs, onRest, onRefused }: RelaysOptions): Relays {
  const lines = relays.map(({ name, url }) => new Line(name, createSmtpSender({ url, maxConnections })));

  async function ask(line: Line, mail: Mail): Promise<SmtpResult> {
    const result = await line.sender.deliver(mail);
    const { outcome, blame } = result;
    const isFailure = blame === 'relay' || blame === 'unclear';
    const reason = 'reason' in outcome ? outcome.reason : '';
    if (outcome.kind === 'config_error') onRefused(line.name, reason);
    if (line.breaker.note(isFailure, nowMs())) onRest(line.name, line.breaker.openUntil(nowMs()), reason);
    return result;
  }

  /** Null when no relay could be asked. */
  async function tryInOrder(mail: Mail): Promise<Relayed | null> {
    let last: Relayed | null = null;
    for (const line of lines) {
      if (!line.isWell(nowMs())) continue;
      const { outcome, blame } = await line.probing(ask(line, mail));
      const relayed = { outcome, relay: line.name };
      if (blame !== 'relay') return relayed;
      // Settings can be wrong at one relay only; that another does not answer is what passes by itself.
      if (last === null || last.outcome.kind === 'config_error') last = relayed;
    }
    return last;
  }

  return {
    async deliver(mail) {
      for (;;) {
        const relayed = await tryInOrder(mail);
        if (relayed !== null) return relayed;
        const probes = lines.flatMap(({ probe }) => probe ?? []);
        if (probes.length === 0) return noneIsWell(lines, nowMs());
        await Promise.race(probes);
      }
    },
    async close() {
      await Promise.all(lines.map(({ sender }) => sender.close()));
    },
  };
}

function noneIsWell(lines: readonly Line[], nowMs: number): Relayed {
  const soonest = Math.min(...lines.map(({ breaker }) => breaker.openUntil(nowMs)));
  const afterMs = Math.max(soonest - nowMs, 0);
  return { outcome: { kind: 'retry', reason: 'no relay answers', afterMs }, relay: null };
}

class Line {
  readonly name: string;
  readonly sender: SmtpSender;
  readonly breaker = new Breaker(FAILURES_TO_REST);
  /** While one mail shows whether the relay is back: ends when that is known. */
  probe: Promise<unknown> | null = null;

  constructor(name: string, sender: SmtpSender) {
    this.name = name;
    this.sender = sender;
  }

  isWell(nowMs: number): boolean {
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
