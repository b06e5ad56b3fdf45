import {
  type ConnectedContentSettings,
  connectedContentSection,
  connectedContentSettings,
} from '../../channels/connected-content.ts';
import type { Read } from '../../lib/raw/shape.ts';
import { open, type Secret, seal } from '../secrets.ts';
import { places } from '../settings.ts';
import { parseSealed, readStored } from '../stored-settings.ts';

type Section = Read<typeof connectedContentSection>;

/** The value of `workspaces.connected_content`. */
export function sealContent(section: Section, secret: Secret, workspaceId: number): Buffer {
  return seal(secret, JSON.stringify(section), places.connectedContent(workspaceId));
}

/** Opens what `sealContent` made. Throws SecretError, and StoredSettingsError when the value cannot be used. */
export function openContentSection(sealed: Buffer, secret: Secret, workspaceId: number): Section {
  const place = places.connectedContent(workspaceId);
  return readStored(
    connectedContentSection,
    parseSealed(open(secret, sealed, place), place),
    place,
    'connected_content',
  );
}

/** The same as settings. null: the workspace has none. */
export function openContent(
  sealed: Buffer | null,
  secret: Secret,
  workspaceId: number,
): ConnectedContentSettings | null {
  return sealed === null ? null : connectedContentSettings(openContentSection(sealed, secret, workspaceId));
}
