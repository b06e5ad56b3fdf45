import type { Json } from '../../lib/document.ts';

/** A message that the server made for somebody. */
export interface Sample {
  external_id: string | null;
  braze_id: string | null;
  channel: string;
  address: string | null;
  message: Json;
}

/** Whether somebody gets a message, and why not. */
export interface Verdict {
  external_id?: string | null;
  user_aliases?: readonly { alias_name: string }[];
  braze_id?: string | null;
  channel: string | null;
  status: string;
  reason: string | null;
  detail?: string | null;
}

/** A message of a channel as one person, or nobody in particular, would get it. */
export interface Previewed extends Omit<Sample, 'message'> {
  status: string;
  reason: string | null;
  detail: string | null;
  message: Json | null;
  problem: { reason: string; detail: string | null } | null;
  missing: readonly { name: string; paths: readonly string[] }[];
  warnings: readonly string[];
}

/** The answer of `messages/preview`. */
export interface Previews {
  refused: readonly Verdict[];
  previews: readonly Previewed[];
}
