// An SMTP sink that tells its parent of every mail as it comes: its URL first, then how many have come.
import { startSmtpSink } from '../rig/smtp-sink.ts';

const sink = await startSmtpSink();
process.on('disconnect', () => process.exit());
process.send?.(sink.url);
await sink.until(() => {
  process.send?.(sink.total());
  return false;
});
