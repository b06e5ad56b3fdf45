/** Services whose own headers we know. `plain`: any other mail server. */
export const relayKinds = ['plain', 'ses', 'sendgrid', 'postmark', 'mailgun', 'resend', 'sparkpost'] as const;
export type RelayKind = (typeof relayKinds)[number];

const hosts: readonly [host: RegExp, kind: RelayKind][] = [
  [/^email-smtp(-fips)?\.[a-z0-9-]+\.amazonaws\.com$/, 'ses'],
  [/^smtp(\.eu)?\.sendgrid\.net$/, 'sendgrid'],
  [/^smtp(-broadcasts)?\.postmarkapp\.com$/, 'postmark'],
  [/^smtp(\.eu)?\.mailgun\.org$/, 'mailgun'],
  [/^smtp\.resend\.com$/, 'resend'],
  [/^smtp(\.eu)?\.sparkpostmail\.com$/, 'sparkpost'],
];

/** Whose mail server this is, by its host name. */
export function relayKindOf(host: string): RelayKind {
  return hosts.find(([form]) => form.test(host.toLowerCase()))?.[1] ?? 'plain';
}
