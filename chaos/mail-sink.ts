// An SMTP sink that keeps books by recipient. Says its URL first, then answers each order with one message.
import { startSmtpSink } from '../rig/smtp-sink.ts';

/** `reached`: how many addresses have a mail. `books`: [address, how many mails][]. */
export type MailOrder = 'reached' | 'books' | 'cut' | { delayMs: number };

const sink = await startSmtpSink();
process.on('message', (order: MailOrder) => {
  if (order === 'cut') sink.cut();
  else if (typeof order === 'object') sink.delay(order.delayMs);
  process.send?.(order === 'books' ? [...sink.received] : sink.received.size);
});
process.on('disconnect', () => process.exit());
process.send?.(sink.url);
