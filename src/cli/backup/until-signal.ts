const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Aborts at the first signal to stop, so that a command can clean up. `end`: signals end the process again. */
export function untilSignal(): { signal: AbortSignal; end(): void } {
  const stop = new AbortController();
  const abort = () => stop.abort(new Error('stopped by a signal'));
  for (const name of signals) process.on(name, abort);
  return {
    signal: stop.signal,
    end() {
      for (const name of signals) process.off(name, abort);
    },
  };
}
