// An SMTP sink that sends its parent its URL, and then the number of mails each time one arrives.
import { startSmtpSink } from '../rig/smtp-sink.ts';

const sink = await startSmtpSink();
process.on('disconnect', () => process.exit());
process.send?.(sink.url);
await sink.until(() => {
  process.send?.(sink.total());
  return false;
});
