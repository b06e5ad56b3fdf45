/** A mail for one recipient. */
export interface SentMail {
  /** The stand-in's own id. */
  id: string;
  /** The sender in the envelope. Empty: that of a report. */
  from: string;
  to: string;
  envelopeId: string | null;
  headers: readonly MailHeader[];
  /** Headers and body as they came. */
  text: string;
  at: Date;
}

/** One header of a mail, unfolded. */
export type MailHeader = readonly [name: string, value: string];

/** The headers of a mail, in order. Source: RFC 5322 §2.2. */
export function headersOf(text: string): MailHeader[] {
  const head = text.split('\r\n\r\n', 1)[0] ?? '';
  return head
    .replace(/\r\n(?=[ \t])/g, '')
    .split('\r\n')
    .flatMap((line): MailHeader[] => {
      const colon = line.indexOf(':');
      return colon < 1 ? [] : [[line.slice(0, colon), line.slice(colon + 1).trim()]];
    });
}

/** The value of the first header with this name. undefined: there is none. */
export function headerIn(headers: readonly MailHeader[], name: string): string | undefined {
  return headers.find(([one]) => one.toLowerCase() === name)?.[1];
}
