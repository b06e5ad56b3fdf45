/** Where bounce mails of one send go. The reference is at most 50 characters, so the local part is short enough. */
export function bounceAddress(domain: string, reference: string): string {
  return `bounce+${reference}@${domain}`;
}

/** What an address at a return path is for. */
export type ReturnPathUse = { reference: string } | 'complaints' | null;

const complaintBoxes: ReadonlySet<string> = new Set(['abuse', 'complaints', 'fbl', 'postmaster']);

/**
 * Reads the local part of an address at a return path. Letter case does not matter, because mail servers may change it.
 * null: nobody has such an address.
 */
export function useOfReturnPath(address: string): ReturnPathUse {
  const local = address.slice(0, address.lastIndexOf('@')).toLowerCase();
  const reference = /^bounce\+([a-z0-9]{1,57})$/.exec(local)?.[1];
  if (reference !== undefined) return { reference };
  return complaintBoxes.has(local) ? 'complaints' : null;
}

export function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1).toLowerCase();
}

/** The header of each mail with the reference, for reports that return only headers and for relays that replace the sender. */
export const REFERENCE_HEADER = 'X-Cresset-Ref';
