/** One person's mail, ready to be sent. The sandbox shows it, too. */
export interface RenderedEmail {
  /** The sender: `Name <address>` or the bare address, checked. */
  from: string;
  reply_to: string | null;
  subject: string;
  html: string;
  plaintext: string;
  /** The caller's own headers, without line breaks and reserved names. */
  headers: Readonly<Record<string, string>>;
  /** Data for the mail provider. It is stored, but not sent over plain SMTP. */
  extras: Readonly<Record<string, unknown>>;
  /** The URL of List-Unsubscribe and its one-click form. null: the mail has no such headers. */
  unsubscribe_url: string | null;
}
