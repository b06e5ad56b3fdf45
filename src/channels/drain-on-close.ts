import type { NotBegun } from './outcome.ts';

/** A sender whose `close` waits for its pending deliveries before it closes the connections. */
export function drainOnClose<Item, Answer>(
  deliver: (item: Item, signal: AbortSignal) => Promise<Answer | NotBegun>,
  close: () => Promise<unknown>,
): { deliver(item: Item, signal: AbortSignal): Promise<Answer | NotBegun>; close(): Promise<void> } {
  const pending = new Set<Promise<unknown>>();
  return {
    async deliver(item, signal) {
      const outcome = deliver(item, signal);
      pending.add(outcome);
      return outcome.finally(() => pending.delete(outcome));
    },
    async close() {
      await Promise.all(pending);
      await close();
    },
  };
}
