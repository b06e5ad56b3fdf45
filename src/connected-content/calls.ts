import type { ConnectedContentSettings } from '../channels/connected-content.ts';
import type { ContentRequest } from '../templating/content/reader.ts';
import type { BlockedUrl } from './call.ts';
import type { Fetched } from './fetched.ts';

/** A workspace whose templates make calls. */
export interface ContentWorkspace {
  id: number;
  connectedContent?: ConnectedContentSettings;
}

/** The answer to a call, or why it may not be made. */
export type Outcome = Fetched | BlockedUrl;

/** An outcome that others may have, too, until that time. */
export interface KeptOutcome {
  value: Outcome;
  untilMs: number;
}

/** Makes the calls of messages. */
export interface Calls {
  /** An answer that others may have, too. undefined: it must be asked for. */
  known(key: string): Outcome | undefined;
  /** Gets the answer to a call. `key`: the same for all calls that may share it. null: nobody may. */
  ask(request: ContentRequest, workspace: ContentWorkspace, key: string | null): Promise<Outcome>;
  /** Resolves when the answers that messages hold leave memory for more. */
  untilRoom(): Promise<void>;
  /** Counts the answers that a message holds. Negative: it holds them no more. */
  hold(bytes: number): void;
}
