import { checked, list, matching, maybe, object, optional, type Read, text } from '../lib/raw/shape.ts';
import { targetProblem } from '../net/allowed-target.ts';
import { credentials, type FileCredential } from './email/settings.ts';

/** A workspace's settings for the calls that templates make. */
export interface ConnectedContentSettings {
  /** Targets that may be called although they are not public. */
  allow: readonly string[];
  credentials: readonly FileCredential[];
  /** What the calls name themselves. null: Cresset's own name. */
  userAgent: string | null;
}

/** The section `connected_content` of the workspace file. */
export const connectedContentSection = object({
  allow: optional(list(checked(text(), targetProblem), 1_000), []),
  credentials: optional(credentials, []),
  user_agent: maybe(matching(/^[\x20-\x7e]{1,200}$/, 'up to 200 visible ASCII characters')),
});

export function connectedContentSettings(section: Read<typeof connectedContentSection>): ConnectedContentSettings {
  const { allow, credentials: known, user_agent: userAgent = null } = section;
  return { allow, credentials: known, userAgent };
}

/** The settings of a workspace that has none for calls. */
export const noConnectedContentSettings: ConnectedContentSettings = { allow: [], credentials: [], userAgent: null };
