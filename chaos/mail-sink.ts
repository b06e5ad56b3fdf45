// An SMTP sink that counts mails by recipient, as a process. It first sends its URL, then answers each order.
import { startSmtpSink } from '../rig/smtp-sink.ts';

/** `reached`: number of addresses that have a mail. `books`: the number of mails of each address, as pairs. */
export type MailOrder = 'reached' | 'books' | 'cut' | { delayMs: number };

const sink = await startSmtpSink();
process.on('message', (order: MailOrder) => {
  if (order === 'cut') sink.cut();
  else if (typeof order === 'object') sink.delay(order.delayMs);
  process.send?.(order === 'books' ? [...sink.received] : sink.received.size);
});
process.on('disconnect', () => process.exit());
process.send?.(sink.url);
