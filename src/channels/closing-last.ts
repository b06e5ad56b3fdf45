import type { Push, PushOutcome, PushSender } from './push-sender.ts';

/** A sender whose exchanges under way end before its connections are closed. */
export function closingLast<Rendered extends object>(
  deliver: (push: Push<Rendered>) => Promise<PushOutcome>,
  close: () => Promise<unknown>,
): PushSender<Rendered> {
  const underWay = new Set<Promise<unknown>>();
  return {
    async deliver(push) {
      const outcome = deliver(push);
      underWay.add(outcome);
      return outcome.finally(() => underWay.delete(outcome));
    },
    async close() {
      await Promise.all(underWay);
      await close();
    },
  };
}
