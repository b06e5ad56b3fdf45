import { isEmailAddress } from '../../lib/email-address.ts';
import type { Problems, Sink } from '../../lib/raw/problems.ts';
import { checked, list, maybe, object, refuse, required, type Shape, text } from '../../lib/raw/shape.ts';

/** The addresses that may get copies of mails. */
export interface BccSettings {
  addresses: readonly string[];
  /** The address that gets a copy of each mail that names none. Absent: those mails have no copy. */
  default?: string | undefined;
}

const MOST_ADDRESSES = 100;

const address = checked(text({ max: 254 }), (value) => (isEmailAddress(value) ? null : 'expected one email address'));

const members = object({
  addresses: required(list(address, MOST_ADDRESSES)),
  default: maybe(address),
});

/** The member `email.bcc` of the workspace file. */
export const bccSection: Shape<BccSettings> = (value, path, problems) => {
  const read = members(value, path, problems);
  return read && withoutFaults(read, path, problems);
};

function withoutFaults(read: BccSettings, path: string, problems: Sink): BccSettings | undefined {
  const { addresses } = read;
  if (addresses.length === 0) return refuse(problems, `${path}.addresses`, 'expected at least one address');
  const repeated = addresses.findIndex((one, at) => listed(addresses.slice(0, at), one) !== null);
  if (repeated !== -1) return refuse(problems, `${path}.addresses[${repeated}]`, 'this address is there already');
  if (read.default !== undefined && listed(addresses, read.default) === null)
    return refuse(problems, `${path}.default`, 'expected one of addresses');
  return read;
}

/** The address as the workspace has it. Letter case does not matter. null: it is none of them. */
function listed(addresses: readonly string[], wanted: string): string | null {
  const folded = wanted.trim().toLowerCase();
  return addresses.find((one) => one.toLowerCase() === folded) ?? null;
}

/** Refuses an address that the workspace does not allow. A workspace without any drops it. Source: messaging-objects.md §6.3. */
export function checkBcc(
  bcc: string | undefined,
  path: string,
  problems: Problems,
  settings: BccSettings | null,
): void {
  if (bcc === undefined) return;
  if (settings === null) problems.warn(`${path}: this workspace has no BCC addresses; it was dropped`);
  else if (listed(settings.addresses, bcc) === null)
    problems.add('range', path, 'is none of the addresses of email.bcc in the workspace file');
}

/** Who gets a copy, by the settings of the moment at which the mail is made. null: nobody. */
export function copyAddress(bcc: string | undefined, settings: BccSettings | null): string | null {
  if (settings === null) return null;
  return (bcc === undefined ? null : listed(settings.addresses, bcc)) ?? settings.default ?? null;
}
