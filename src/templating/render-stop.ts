export type StopReason = 'aborted' | 'render_error' | 'content_unavailable' | 'payload_too_large' | 'expired';

/** Ends one person's message before any provider is called. `detail` is for people and holds no message content. */
export class RenderStop extends Error {
  readonly reason: StopReason;
  readonly detail: string;

  constructor(reason: StopReason, detail: string) {
    super(`${reason}: ${detail}`);
    this.reason = reason;
    this.detail = detail;
  }
}
