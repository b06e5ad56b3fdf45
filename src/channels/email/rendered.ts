/** One person's mail, ready to be sent; also what the sandbox shows. */
export interface RenderedEmail {
  /** `Name <address>` or the bare address, checked. */
  from: string;
  reply_to: string | null;
  subject: string;
  html: string;
  plaintext: string;
  /** The caller's own, free of line breaks and of reserved names. */
  headers: Readonly<Record<string, string>>;
  attachments: readonly { file_name: string; url: string }[];
  /** For the mail provider; stored, not sent over plain SMTP. */
  extras: Readonly<Record<string, unknown>>;
  /** Where List-Unsubscribe and its one-click form lead; null = no such headers. */
  unsubscribe_url: string | null;
}
