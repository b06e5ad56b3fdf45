/** Calls back once for each signal that is aborted, however many things wait under it. */
export class AbortWatch {
  readonly #signals = new WeakSet<AbortSignal>();
  readonly #onAbort: (signal: AbortSignal) => void;

  constructor(onAbort: (signal: AbortSignal) => void) {
    this.#onAbort = onAbort;
  }

  /** `signal`: not aborted yet. */
  watch(signal: AbortSignal): void {
    if (this.#signals.has(signal)) return;
    this.#signals.add(signal);
    signal.addEventListener('abort', () => this.#onAbort(signal), { once: true });
  }
}
