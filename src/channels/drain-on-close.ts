import type { NotBegun, Push, PushOutcome, PushSender } from './push/sender.ts';

/** A sender whose `close` waits for its pending deliveries before it closes the connections. */
export function drainOnClose<Rendered extends object>(
  deliver: (push: Push<Rendered>, signal: AbortSignal) => Promise<PushOutcome | NotBegun>,
  close: () => Promise<unknown>,
): PushSender<Rendered> {
  const pending = new Set<Promise<unknown>>();
  return {
    async deliver(push, signal) {
      const outcome = deliver(push, signal);
      pending.add(outcome);
      return outcome.finally(() => pending.delete(outcome));
    },
    async close() {
      await Promise.all(pending);
      await close();
    },
  };
}
