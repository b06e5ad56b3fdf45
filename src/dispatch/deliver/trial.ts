/**
 * Time for which a suspect task is tried while its worker starts nothing else, in milliseconds. It is short, so that 200
 * suspects whose provider hangs take 40 s. Rendering blocks the thread, so nothing starts meanwhile, however long it takes.
 */
const ALONE_MS = 200;

/**
 * Whether a worker may start something. After a start, suspects come first, because the reason for a crash is probably
 * among them. While one is on trial, nothing else starts for `ALONE_MS`. (See queue/suspects.ts.)
 */
export class Trial {
  readonly #unseen: Set<number>;
  #task: number | null = null;
  #endsAtMs = 0;

  /** `lanes`: the numbers of the lanes whose suspects must be looked for first. */
  constructor(lanes: readonly number[]) {
    this.#unseen = new Set(lanes);
  }

  /** Notes that the suspects of a lane have been looked for. */
  looked(lane: number): void {
    this.#unseen.delete(lane);
  }

  get hasLooked(): boolean {
    return this.#unseen.size === 0;
  }

  begin(taskId: number, nowMs: number): void {
    this.#task = taskId;
    this.#endsAtMs = nowMs + ALONE_MS;
  }

  /** Notes the end of a suspect's round. */
  end(taskId: number): void {
    if (this.#task === taskId) this.#task = null;
  }

  /** The suspect that is still tried although its time alone is over. It is returned once. null: there is none. */
  takeOverrun(nowMs: number): number | null {
    if (this.#task === null || nowMs < this.#endsAtMs) return null;
    const task = this.#task;
    this.#task = null;
    return task;
  }

  /** When something else may start. null: at once. */
  until(nowMs: number): Date | null {
    return this.#task === null || nowMs >= this.#endsAtMs ? null : new Date(this.#endsAtMs);
  }
}
