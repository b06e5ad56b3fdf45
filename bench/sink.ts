// An SMTP sink. It sends its URL; then it answers each number that it gets once that many more mails have arrived.
import { startSmtpSink } from '../rig/smtp-sink.ts';

const sink = await startSmtpSink();
process.on('message', async (count: number) => {
  const wanted = sink.total() + count;
  await sink.until(() => sink.total() >= wanted);
  process.send?.(wanted);
});
process.on('disconnect', () => process.exit());
process.send?.(sink.url);
