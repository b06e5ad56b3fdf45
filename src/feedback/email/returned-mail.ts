/** The fields of one group, by their names in lower case. Of a repeated field, the first counts. */
export type FieldGroup = ReadonlyMap<string, string>;

/** A mail that came to a return path. */
export interface ReturnedMail {
  /**
   * `message/delivery-status`: what is said of the message, and then of each recipient. null: the mail has no such part.
   * Source: RFC 3464 §2.1.
   */
  status: { message: FieldGroup; recipients: readonly FieldGroup[] } | null;
  /** `message/feedback-report`. Source: RFC 5965 §3. null: the mail has no such part. */
  complaint: FieldGroup | null;
  /** The headers of our mail that is returned. Empty: it is not. */
  original: FieldGroup;
}

const MOST_GROUPS = 50;
const nothing: FieldGroup = new Map();

/**
 * Reads the machine-readable parts of a bounce mail or a complaint. What else it says, or quotes, does not count. `raw` may
 * be cut off at its end. Rejects when it is not MIME at all.
 */
export async function readReturnedMail(raw: Buffer): Promise<ReturnedMail> {
  const { simpleParser } = await import('mailparser');
  const { attachments } = await simpleParser(raw, {
    // Otherwise the part is shown as text, where prose and fields cannot be told apart.
    keepDeliveryStatus: true,
    ...{ skipHtmlToText: true, skipTextToHtml: true, skipTextLinks: true, skipImageLinks: true },
  });
  const part = (...types: string[]) => {
    const found = attachments.find(({ contentType }) => types.includes(contentType.toLowerCase()));
    return found === undefined ? null : groupsOf(found.content.toString('latin1'));
  };
  const status = part('message/delivery-status', 'message/global-delivery-status');
  const [message = nothing, ...recipients] = status ?? [];
  return {
    status: status === null ? null : { message, recipients },
    complaint: part('message/feedback-report')?.[0] ?? null,
    original: part('message/rfc822', 'text/rfc822-headers', 'message/global', 'message/global-headers')?.[0] ?? nothing,
  };
}

/** Groups of fields, with a blank line between them. */
function groupsOf(text: string): FieldGroup[] {
  const groups: Map<string, string>[] = [new Map()];
  let last: string | null = null;
  for (const line of text.split(/\r\n|\r|\n/)) {
    const group = groups.at(-1) ?? new Map<string, string>();
    if (line.trim() === '') {
      if (group.size > 0) groups.push(new Map());
      if (groups.length > MOST_GROUPS) break;
      last = null;
    } else if (/^[ \t]/.test(line)) {
      if (last !== null) group.set(last, `${group.get(last)} ${line.trim()}`.slice(0, 2_000));
    } else {
      const colon = line.indexOf(':');
      const name = line.slice(0, Math.max(colon, 0)).trim().toLowerCase();
      last = name === '' || group.has(name) ? null : name;
      if (last !== null)
        group.set(
          last,
          line
            .slice(colon + 1)
            .trim()
            .slice(0, 2_000),
        );
    }
  }
  return groups.filter(({ size }) => size > 0);
}
