import type { ChannelKey } from '../../channels/channel.ts';
import { relayAddress } from '../../channels/relay-address.ts';
import type { Relay, RelayPauseCause, RelayPool, SenderPauses } from '../../channels/sender.ts';
import type { WorkspaceCatalog } from '../../workspace/catalog.ts';
import { PROBE_EVERY_MS } from '../ledger/outcomes.ts';
import type { Pauses, PausesOptions } from './pauses.ts';
import { keyOf, type Pause, type PauseCause } from './pauses-store.ts';
import { digestOfRelay, findRelay, relaySubject, relaysOf } from './subject.ts';

export interface PausedRelaysOptions extends Pick<PausesOptions, 'clock' | 'log' | 'catalog'> {
  pauses: Pauses;
}

/** Time before the first probe, in milliseconds. Each later one waits twice as long. */
const FIRST_PROBE_MS = 1_000;
/** Longest wait between two probes of a relay that does not answer. */
const UNREACHABLE_MS = 10_000;
/** Time before a relay is tried again that refuses our reputation. After each further refusal it is twice as long. */
const REPUTATION_MS = 300_000;
const LONGEST_REPUTATION_MS = 3_600_000;
/** Number of quick probes of a relay that refuses our settings. More wrong logins might lock the account. */
const QUICK_PROBES = 4;
/** Time that one probe may take before another process may probe. */
const PROBE_MS = 30_000;
/**
 * A relay that is paused again so soon has only seemed well: it takes logins, but no mail. Its first probe waits as if
 * the former pause had gone on, in milliseconds.
 */
const SEEMED_WELL_MS = 30_000;
/** A task whose mails wait for a relay looks again after this time, should nothing wake it. */
const LOOK_AGAIN_MS = 60_000;
const LONGEST_REASON = 300;

/**
 * Mail relays that are left out because they do not answer or do not accept our settings. A probe connects and logs in,
 * without a mail, so a relay is found well without costing a mail an attempt.
 */
export class PausedRelays {
  readonly #options: PausedRelaysOptions;
  readonly #stopping = new AbortController();
  readonly #probes = new Set<Promise<void>>();
  /** By workspace and name: when this process last saw the relay paused, and how often it was paused again soon after. */
  readonly #lastPaused = new Map<string, { atMs: number; again: number }>();

  constructor(options: PausedRelaysOptions) {
    this.#options = options;
    options.pauses.onLook(() => this.#look());
  }

  /** Ends the probes under way. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#probes);
  }

  /** What the senders of a workspace ask and tell. */
  pausesOf(workspaceId: number): SenderPauses {
    const { pauses } = this.#options;
    return {
      isPaused: (name) => pauses.get(workspaceId, relaySubject(name)) !== undefined,
      pause: (relay, cause, reason) => this.#pause(workspaceId, relay, cause, reason),
    };
  }

  /** The pauses of all relays of a channel. Empty: the channel has none, or one of its relays works. */
  paused(workspace: WorkspaceCatalog, channel: ChannelKey): Pause[] {
    const relays = relaysOf(workspace, channel);
    const paused = relays.flatMap(({ name }) => this.#options.pauses.get(workspace.id, relaySubject(name)) ?? []);
    return paused.length === relays.length ? paused : [];
  }

  /** When to look again whether mails can go out, in milliseconds since 1970. null: they can. */
  blocked(workspace: WorkspaceCatalog, channel: ChannelKey): number | null {
    if (this.paused(workspace, channel).length === 0) return null;
    return this.#options.clock.now().getTime() + LOOK_AGAIN_MS;
  }

  #pause(workspaceId: number, relay: Relay, cause: RelayPauseCause, said: string): void {
    const { pauses, clock, log } = this.#options;
    const nowMs = clock.now().getTime();
    const again = this.#timesAgain(workspaceId, relay.name, nowMs);
    const probeAt = new Date(nowMs + waitMsOf(cause, again));
    const reason = cleaned(said);
    const subject = relaySubject(relay.name);
    const settings = digestOfRelay(relay);
    const onPaused = () =>
      log[cause === 'config_error' ? 'error' : 'warn'](
        { workspace_id: workspaceId, relay: relay.name, reason },
        `a mail relay ${whatItDoes[cause]} and is paused; its mails wait or go to the next relay`,
      );
    if (!pauses.close({ workspaceId, subject, cause, reason, settings, probeAt }, { onPaused })) return;
    this.#lastPaused.set(keyOf({ workspaceId, subject }), { atMs: nowMs, again });
  }

  #timesAgain(workspaceId: number, name: string, nowMs: number): number {
    const last = this.#lastPaused.get(keyOf({ workspaceId, subject: relaySubject(name) }));
    return last !== undefined && nowMs - last.atMs < SEEMED_WELL_MS ? last.again + 1 : 0;
  }

  #look(): void {
    for (const pause of this.#options.pauses.all()) {
      const last = this.#lastPaused.get(keyOf(pause));
      if (last !== undefined) last.atMs = this.#options.clock.now().getTime();
      const found = findRelay(this.#options.catalog().workspace(pause.workspaceId), pause.subject);
      if (found === undefined || this.#options.pauses.isProbing(pause)) continue;
      const probe: Promise<void> = this.#probe(pause, found)
        .catch((error: unknown) => {
          this.#options.log.error({ err: error, subject: pause.subject }, 'a probe failed');
          this.#options.pauses.giveUpProbe(pause); // another is made, also by this process
        })
        .finally(() => this.#probes.delete(probe));
      this.#probes.add(probe);
    }
  }

  async #probe(pause: Pause, { relay, pool }: { relay: Relay; pool: RelayPool }): Promise<void> {
    const { pauses, clock, log } = this.#options;
    if (!(await pauses.tryProbe(pause, PROBE_MS))) return;
    const failure = await pool.probe(relay, this.#stopping.signal);
    if (this.#stopping.signal.aborted) return;
    if (failure === null) return pauses.open(pause, null);
    const { cause, said } = failure;
    const reason = cleaned(`${relayAddress(relay.url)}: ${said}`);
    const probes = cause === pause.cause ? pause.probes + 1 : 0;
    pauses.prolong(pause, {
      cause,
      reason,
      probes,
      probeAt: new Date(clock.now().getTime() + waitMsOf(cause, probes)),
    });
    if (cause !== pause.cause)
      log.warn({ relay: relay.name, cause, reason }, 'a mail relay is still paused, for another cause');
  }
}

const whatItDoes: Readonly<Record<RelayPauseCause, string>> = {
  config_error: 'refuses our settings',
  slow_down: 'refuses our reputation',
  unreachable: 'does not answer',
};

function waitMsOf(cause: PauseCause, probes: number): number {
  if (cause === 'slow_down') return Math.min(REPUTATION_MS * 2 ** Math.min(probes, 20), LONGEST_REPUTATION_MS);
  const waitMs = FIRST_PROBE_MS * 2 ** Math.min(probes, 20);
  if (cause === 'config_error') return probes < QUICK_PROBES ? waitMs : PROBE_EVERY_MS;
  return Math.min(waitMs, UNREACHABLE_MS);
}

/** One line of printable text. A relay may say anything. */
function cleaned(said: string): string {
  return said
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim()
    .slice(0, LONGEST_REASON);
}
