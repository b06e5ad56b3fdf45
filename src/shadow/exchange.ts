import type { Capture } from './capture.ts';

/** How a request ended at the original. `failed`: it broke off, so whether the original acted on it is unknown. */
export type Ending = 'answered' | 'unreachable' | 'failed' | 'caller_left';

/** A request that was passed on, and what came back. */
export interface Exchange {
  /** When the request came, in milliseconds. */
  at: number;
  /** From then to the end of the answer, in milliseconds. */
  tookMs: number;
  method: string;
  /** As received, with its query. */
  url: string;
  /** Names and values in turn. */
  requestHeaders: readonly string[];
  request: Capture;
  ending: Ending;
  /** 0: no answer came. */
  status: number;
  headers: readonly string[];
  response: Capture;
}
