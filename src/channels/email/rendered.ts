/** One person's mail, ready to be sent. The sandbox shows it, too. */
export interface RenderedEmail {
  /** The sender: `Name <address>` or the bare address, checked. */
  from: string;
  reply_to: string | null;
  /** Who gets a copy. Absent: nobody. */
  bcc?: string;
  subject: string;
  html: string;
  plaintext: string;
  /** The caller's own headers, without line breaks and reserved names. */
  headers: Readonly<Record<string, string>>;
  /** Data for the mail provider. Which headers carry them depends on the relay. */
  extras: Readonly<Record<string, unknown>>;
  /** The URL of List-Unsubscribe and its one-click form. null: the mail has no such headers. */
  unsubscribe_url: string | null;
  /** Files that are fetched when the mail is sent. Absent: none. */
  attachments?: readonly RenderedAttachment[];
}

/** A file to attach, as the caller names it. */
export interface RenderedAttachment {
  /** The name, with or without an extension. */
  file_name: string;
  url: string;
  /** Name of the user and password to fetch it with. Absent: without. */
  basic_auth_credential?: string | undefined;
}
