import type { SendStatus } from '../../plan/states.ts';

/** What the pending sends of a channel of a dispatch wait for. */
export interface Wait {
  /** One sentence. */
  why: string;
  /** When it is looked at again. null: not known. */
  until: Date | null;
}

/** A send, as far as it says whether it waits. */
export interface WaitingSend {
  channel: string;
  status: SendStatus;
  updated_at: Date;
}

/** The wait of each send. null: only for the send's time. */
export type Waits = (send: WaitingSend) => Wait | null;

export const noWaits: Waits = () => null;
