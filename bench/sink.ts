// An SMTP sink: says its URL, then, each time it is told a number, answers once that many more mails have come.
import { startSmtpSink } from '../rig/smtp-sink.ts';

const sink = await startSmtpSink();
process.on('message', async (count: number) => {
  const wanted = sink.total() + count;
  await sink.until(() => sink.total() >= wanted);
  process.send?.(wanted);
});
process.on('disconnect', () => process.exit());
process.send?.(sink.url);
