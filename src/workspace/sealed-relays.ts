import type { SmtpRelay } from './catalog.ts';
import { open, type Secret, seal } from './secrets.ts';
import { places } from './settings.ts';

/** What is sealed in `workspaces.secrets`. `smtp_url` is all that a server of an earlier version knows: the first relay. */
interface Sealed {
  smtp_url: string;
  smtp?: SmtpRelay[];
}

export function sealRelays(relays: readonly SmtpRelay[] | null, secret: Secret, workspaceId: number): Buffer | null {
  const [first] = relays ?? [];
  if (first === undefined) return null;
  const sealed: Sealed = { smtp_url: first.url, smtp: [...(relays ?? [])] };
  return seal(secret, JSON.stringify(sealed), places.workspace(workspaceId));
}

export function openRelays(sealed: Buffer | null, secret: Secret, workspaceId: number): SmtpRelay[] | null {
  if (sealed === null) return null;
  const { smtp_url: url, smtp } = JSON.parse(open(secret, sealed, places.workspace(workspaceId))) as Sealed;
  return smtp ?? [{ name: relayName(url), url }];
}

/** Of a relay that was given none: where it is, without user and password. */
export function relayName(url: string): string {
  return new URL(url).host;
}
