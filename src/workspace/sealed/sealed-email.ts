import { emailSection, sealedEmailMembers } from '../../channels/email/settings.ts';
import { isObject } from '../../lib/raw/json.ts';
import { type Read, refuse, type Shape } from '../../lib/raw/shape.ts';
import { open, type Secret, seal } from '../secrets.ts';
import { places } from '../settings.ts';
import { parseSealed, readStored } from '../stored-settings.ts';

type EmailSection = Read<typeof emailSection>;

/** Splits the section `email` into what is stored readably and the sealed rest. null: nothing of it is to be sealed. */
export function sealEmail(
  section: EmailSection,
  secret: Secret,
  workspaceId: number,
): { shown: object; sealed: Buffer | null } {
  const isSealed = (name: string) => sealedEmailMembers.some((one) => one === name);
  const given = Object.entries(section).filter(([, value]) => value !== null);
  const hidden = given.filter(([name]) => isSealed(name));
  return {
    shown: Object.fromEntries(given.filter(([name]) => !isSealed(name))),
    sealed:
      hidden.length === 0
        ? null
        : seal(secret, JSON.stringify(Object.fromEntries(hidden)), places.workspace(workspaceId)),
  };
}

/**
 * Opens the sealed members of the section `email`. Throws SecretError, and StoredSettingsError when the value cannot be
 * used.
 */
export function openEmail(sealed: Buffer | null, secret: Secret, workspaceId: number): Partial<EmailSection> {
  if (sealed === null) return {};
  const place = places.workspace(workspaceId);
  const stored = readStored(anyObject, parseSealed(open(secret, sealed, place), place), place, 'email');
  const members = readStored(emailSection, stored, place, 'email');
  return Object.fromEntries(sealedEmailMembers.map((name) => [name, members[name]]));
}

const anyObject: Shape<object> = (value, path, problems) =>
  isObject(value) ? value : refuse(problems, path, 'expected an object');
