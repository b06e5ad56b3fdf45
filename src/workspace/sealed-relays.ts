import { relays, type SmtpRelay } from '../channels/email/settings.ts';
import { maybe, object, required, text } from '../lib/raw/shape.ts';
import { open, type Secret, seal } from './secrets.ts';
import { places } from './settings.ts';
import { parseSealed, readStored } from './stored-settings.ts';

/** The sealed value of `workspaces.secrets`. Servers of earlier versions read only `smtp_url`, the first relay. */
interface Sealed {
  smtp_url: string;
  smtp?: SmtpRelay[];
}

const sealedRelays = object({ smtp_url: required(text({ max: 2_048 })), smtp: maybe(relays) });

export function sealRelays(given: readonly SmtpRelay[] | null, secret: Secret, workspaceId: number): Buffer | null {
  const [first] = given ?? [];
  if (first === undefined) return null;
  const sealed: Sealed = { smtp_url: first.url, smtp: [...(given ?? [])] };
  return seal(secret, JSON.stringify(sealed), places.workspace(workspaceId));
}

/**
 * Opens the relays. null: there are none. Throws SecretError, and StoredSettingsError when the value is not a list of
 * relays.
 */
export function openRelays(sealed: Buffer | null, secret: Secret, workspaceId: number): SmtpRelay[] | null {
  if (sealed === null) return null;
  const place = places.workspace(workspaceId);
  const stored = parseSealed(open(secret, sealed, place), place);
  const { smtp_url: url, smtp } = readStored(sealedRelays, stored, place, 'email');
  return smtp ?? readStored(relays, { url }, place, 'email.smtp');
}
