import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import { REFERENCE_LETTERS, readReference, type SendReference, signReference } from '../reference.ts';

/** The keys behind links and pixels. They are not those of references: who gets a link from its reader may not tell of bounces. */
export interface TrackingKeys {
  people: KeyObject;
  links: KeyObject;
}

export function trackingKeys(secret: KeyObject): TrackingKeys {
  const derived = (what: string) =>
    createSecretKey(createHmac('sha256', secret).update(`tracking: ${what}\n`).digest());
  return { people: derived('people'), links: derived('links') };
}

/** Where the link leads that no person sees. */
export const HIDDEN_URL = 'about:hidden';

/** 96 bits, as text. */
const MAC_BYTES = 12;
const MAC_LETTERS = 16;

/** The part of a link that names the person's send. */
export function personPart({ people }: TrackingKeys, send: SendReference): string {
  return signReference(people, send);
}

/** Stands for that part in the message of a person who is not stored. As long as a real one, and made by nobody: it leads nowhere. */
export const NOBODY_PART = 'preview'.padEnd(REFERENCE_LETTERS, '0');

/** The part of a link that says where it leads. It is equal for everybody in a dispatch, and good for that dispatch only. */
export function targetPart({ links }: TrackingKeys, dispatchId: string, url: string): string {
  return mac(links, dispatchId, url).toString('base64url') + Buffer.from(url).toString('base64url');
}

/** Reads the part of a link that names a send. null: this server did not make it. */
export function readPerson({ people }: TrackingKeys, text: string): SendReference | null {
  return readReference(people, text);
}

/** Reads where a link of a dispatch leads. null: this server did not make it, or not for this dispatch. */
export function readTarget({ links }: TrackingKeys, dispatchId: string, text: string): string | null {
  if (!/^[\w-]{17,4000}$/.test(text)) return null;
  const url = Buffer.from(text.slice(MAC_LETTERS), 'base64url').toString();
  const given = Buffer.from(text.slice(0, MAC_LETTERS), 'base64url');
  return given.length === MAC_BYTES && timingSafeEqual(given, mac(links, dispatchId, url)) ? url : null;
}

function mac(key: KeyObject, dispatchId: string, url: string): Buffer {
  return createHmac('sha256', key).update(dispatchId).update('\n').update(url).digest().subarray(0, MAC_BYTES);
}
