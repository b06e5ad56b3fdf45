import { MemoryOfMails } from './mail-events.ts';
import { PlaintextWriter } from './plaintext-writer.ts';

const memory = new MemoryOfMails();

/**
 * The readable text of a mail's HTML. It keeps paragraphs, list marks, the URLs of links and the letter case, and leaves
 * out what is hidden. htmlparser2 reads the HTML. We write the text ourselves, because html-to-text takes twice as long.
 * Mails of a dispatch differ in a few words and links, so what was read of one serves for the next.
 */
export function plaintextOf(html: string): string {
  const writer = new PlaintextWriter();
  memory.read(html, writer);
  return writer.text;
}
