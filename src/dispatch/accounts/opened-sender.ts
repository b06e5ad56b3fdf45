import { INTERNAL_ERROR, OUR_ERROR } from '../../channels/outcome.ts';

export interface Delivering<Call extends unknown[], Answer> {
  deliver(...call: Call): Promise<Answer>;
  close(): Promise<void>;
}

/**
 * Opens a sender. If that throws, the sender that is returned answers every message as if the provider refused our settings:
 * the account is paused and named where refused settings are, the message is kept, and each further try opens the sender
 * again. null: `open` has none.
 */
export function openedSender<Call extends unknown[], Answer extends { kind: string }>(
  open: () => Delivering<Call, Answer> | null,
  onError: (error: unknown) => void,
): Delivering<Call, Answer | typeof refusal> | null {
  const tryToOpen = (): Delivering<Call, Answer> | null | undefined => {
    try {
      return open();
    } catch (error) {
      onError(error);
      return undefined;
    }
  };
  const first = tryToOpen();
  if (first !== undefined) return first;
  let sender: Delivering<Call, Answer> | null = null;
  return {
    async deliver(...call) {
      sender ??= tryToOpen() ?? null;
      return sender === null ? refusal : sender.deliver(...call);
    },
    async close() {
      await sender?.close();
    },
  };
}

const refusal = { kind: 'config_error', reason: INTERNAL_ERROR, detail: OUR_ERROR } as const;
