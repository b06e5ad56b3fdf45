export type StopReason = 'aborted' | 'render_error' | 'content_unavailable' | 'payload_too_large' | 'expired';

/**
 * Ends one person's message before any provider is called. `detail` is for people and holds no message content. Of a
 * `render_error` it says the member, the place in it, and what went wrong: decision 70.
 */
export class RenderStop extends Error {
  readonly reason: StopReason;
  readonly detail: string;
  readonly #saysText: boolean;

  /** `path`: of the text that failed. Absent: it is not known yet. */
  constructor(reason: StopReason, detail: string, path?: string) {
    const whole = path === undefined ? detail : `${path}: ${detail}`;
    super(`${reason}: ${whole}`);
    this.reason = reason;
    this.detail = whole;
    this.#saysText = path !== undefined;
  }

  /** With the path of the text that failed, unless an inner text has said its own. */
  inText(path: string): RenderStop {
    return this.reason === 'render_error' && !this.#saysText ? new RenderStop(this.reason, this.detail, path) : this;
  }
}

/** Renders the text at `path`: a `render_error` names it. */
export function renderingText<T>(path: string, render: () => T): T {
  try {
    return render();
  } catch (error) {
    throw error instanceof RenderStop ? error.inText(path) : error;
  }
}
