export const stopReasons = ['aborted', 'render_error', 'content_unavailable', 'payload_too_large', 'expired'] as const;
export type StopReason = (typeof stopReasons)[number];

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
