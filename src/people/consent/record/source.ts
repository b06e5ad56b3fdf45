/**
 * How a change of consent came in: `api` (a request with a key), `link` (a page behind a link), `one_click` (a mail program),
 * `reply` (a keyword), `complaint`, `provider` (what else a provider told), `import` (a file), `merge` (the person became one
 * with another), `browser` (the script for pages).
 */
export const consentDoors = [
  'api',
  'link',
  'one_click',
  'reply',
  'complaint',
  'provider',
  'import',
  'merge',
  'browser',
] as const;
export type ConsentDoor = (typeof consentDoors)[number];

/** Who changes a state, and how. */
export interface ConsentSource {
  door: ConsentDoor;
  /** The name of the API key. */
  key?: string;
  /** Such as `twilio`. */
  provider?: string;
  /** The address of the client, where that is a person and not a server. */
  ip?: string;
  /** What the caller says that allows it. At most 255 characters. */
  legalBasis?: string;
  /** The feed of events has it already. */
  isTold?: true;
}
