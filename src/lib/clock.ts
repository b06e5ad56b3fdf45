/** The only source of the current time. A server reads the system's clock; a test moves its own. */
export interface Clock {
  now(): Date;
  /** Calls back once `ms` milliseconds have passed on this clock. The returned function cancels that. */
  after(ms: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => new Date(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};
