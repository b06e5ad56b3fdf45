/** A sender whose `close` waits for its pending deliveries before it closes the connections. */
export function drainOnClose<Item, Answer>(
  deliver: (item: Item, signal: AbortSignal) => Promise<Answer>,
  close: () => Promise<unknown>,
): { deliver(item: Item, signal: AbortSignal): Promise<Answer>; close(): Promise<void> } {
  let pending = 0;
  const idle = Promise.withResolvers<void>();
  let isClosing = false;
  const ended = () => {
    pending -= 1;
    if (pending === 0 && isClosing) idle.resolve();
  };
  return {
    deliver(item, signal) {
      const outcome = deliver(item, signal); // if it throws, nothing is pending
      pending += 1;
      outcome.then(ended, ended);
      return outcome;
    },
    async close() {
      isClosing = true;
      if (pending > 0) await idle.promise;
      await close();
    },
  };
}
