import { type Held, type Outcome, STOPPED } from '../../outcome.ts';
import type { SenderPauses } from '../../sender.ts';
import type { DkimSigner } from '../mime/dkim.ts';
import type { SmtpRelay } from '../settings.ts';
import { createSmtpSender, type Mail, type SmtpResult } from './deliver.ts';
import { Relay } from './relay.ts';
import type { SmtpFailure } from './smtp-reply.ts';
import { createTurns } from './turns.ts';

/** The outcome of a mail, and the name of the relay that decided it. null: no relay was called. */
export interface Relayed {
  outcome: Outcome | Held;
  relay: string | null;
}

export interface Relays {
  deliver(mail: Mail, signal: AbortSignal): Promise<Relayed>;
  close(): Promise<void>;
}

export interface RelaysOptions {
  relays: readonly SmtpRelay[];
  /** Signs the mails. undefined: nothing is signed. */
  signer: DkimSigner | undefined;
  /** The domain to which bounce mails go. null: they go to the sender. */
  returnPath: string | null;
  /** Most connections to each relay. */
  maxConnections: number;
  pauses: SenderPauses;
  nowMs(): number;
}

/** When a mail is tried again that found a relay away which is not paused, in milliseconds. */
const AGAIN_MS = 10_000;

/**
 * Several relays, in the order of preference, or by weight. Each mail goes to the first available relay, with weights to the one whose turn it is. A mail goes on to the next
 * relay only if the one before certainly does not have it, and the reason was not the mail or its recipient. While no
 * relay is available, mails are held.
 */
export function createRelays({ relays: configured, ...options }: RelaysOptions): Relays {
  const relays = configured.map((relay) => {
    const sender = createSmtpSender({ ...relay, ...options });
    return new Relay({ ...options, relay, sender });
  });

  const turns = createTurns(relays);

  /** After failures that were not the mail's fault. Without a failure no relay was called. */
  function afterFailures(failures: readonly Failed[], isStopping: boolean): Relayed {
    const lost = failures.findLast(({ result }) => result.blame === 'relay' && result.isOffered);
    if (lost !== undefined) return { outcome: lost.result.outcome, relay: lost.relay };
    const untilMs = relays.some(({ isAvailable }) => isAvailable) ? options.nowMs() + AGAIN_MS : null;
    const away = failures.findLast(({ result }) => result.blame === 'relay');
    if (away !== undefined) {
      const { outcome, said } = away.result;
      const reason = 'reason' in outcome ? outcome.reason : outcome.kind;
      return {
        outcome: { kind: 'held', untilMs, reason, detail: `relay ${away.relay}: ${said}` },
        relay: away.relay,
      };
    }
    const [refused] = failures;
    if (refused !== undefined) return { outcome: refused.result.outcome, relay: refused.relay };
    return {
      outcome: { kind: 'held', untilMs: null, reason: isStopping ? STOPPED : 'no relay answers' },
      relay: null,
    };
  }

  return {
    async deliver(mail, signal) {
      const failures: Failed[] = [];
      for (const relay of turns.next()) {
        const result = await relay.deliver(mail, signal);
        if (result === null) continue;
        if (!isElsewhereWorthwhile(result)) return { outcome: result.outcome, relay: relay.name };
        failures.push({ result, relay: relay.name });
      }
      return afterFailures(failures, signal.aborted);
    },
    async close() {
      await Promise.all(relays.map((relay) => relay.close()));
    },
  };
}

interface Failed {
  result: SmtpFailure;
  relay: string;
}

/** Whether another relay may take the mail. */
function isElsewhereWorthwhile(result: SmtpResult): result is SmtpFailure {
  return result.blame === 'relay' || result.blame === 'sender';
}
