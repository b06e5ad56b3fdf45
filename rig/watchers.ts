/** Lets callers wait until a condition is true. Conditions are checked each time something has happened. */
export interface Watchers {
  /** Checks all conditions. Call it when something has happened. */
  look(): void;
  /** Resolves once `done()` is true. */
  until(done: () => boolean): Promise<void>;
}

export function createWatchers(): Watchers {
  const waiting = new Set<() => void>();
  return {
    look() {
      for (const look of waiting) look();
    },
    until(done) {
      return new Promise((resolve) => {
        const look = () => {
          if (!done()) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      });
    },
  };
}
