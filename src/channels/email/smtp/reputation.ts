/**
 * What mailbox providers and mail services say when they refuse a mail because of who sends it, be it an address or an
 * account. The next mail would be refused as well, and might make it worse. Source: Google, "SMTP error reference";
 * Microsoft, "Outlook.com Postmaster: troubleshooting"; Yahoo, "SMTP error codes"; Amazon SES, "SMTP response codes".
 */
const refusals: readonly RegExp[] = [
  /^[45]\d\d[ -][45]\.7\.28\b/, // Gmail: an unusual rate of unsolicited mail
  /very low reputation of the sending (IP|domain)/i, // Gmail
  /\((S3140|S3150|S775|RP-00[1-3])\)/, // Outlook: blocked, or limited because of reputation
  /\[(TSS0\d|TSS1\d|BL2\d)\]/, // Yahoo: complaints of users, block lists
  /\bsending (paused|suspended) for this account\b/i, // SES
  /\bmaximum credits exceeded\b/i, // SendGrid
];

/** Whether a reply refuses the sender's reputation and not this mail. `response`: the reply as it came. */
export function isAboutReputation(response: string): boolean {
  const text = response.replace(/\r?\n\d{3}[ -](\d\.\d{1,3}\.\d{1,3} )?/g, ' ');
  return refusals.some((pattern) => pattern.test(text));
}
