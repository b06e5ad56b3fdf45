/**
 * Lets others in between many short computations: after `most` of them in one turn of the event loop, the next waits for
 * a new turn. Await the returned function before each.
 */
export function createTurns(most: number): () => Promise<void> {
  let left = most;
  let next: Promise<void> = Promise.resolve();

  function begin(): void {
    next = new Promise((resolve) => {
      setImmediate(() => {
        left = most;
        resolve();
      });
    });
  }

  return async () => {
    while (left === 0) await next;
    if (left === most) begin();
    left -= 1;
  };
}
