// An SMTP sink that counts mails by address and notes when they came. It answers the orders `reset` and `count`.
import { startSmtpSink } from '../rig/smtp-sink.ts';

/** Milliseconds since 1970, to the microsecond, so that processes can compare their times. */
const now = () => performance.timeOrigin + performance.now();

const sink = await startSmtpSink();
let firstAt: number | null = null;
let lastAt: number | null = null;
let known = 0;
let base = 0;
void sink.until(() => {
  if (sink.total() > known) {
    known = sink.total();
    lastAt = now();
    firstAt ??= lastAt;
  }
  return false;
});
process.on('message', (order: string) => {
  if (order === 'reset') {
    sink.received.clear();
    base = sink.total();
    firstAt = null;
    lastAt = null;
  }
  const twice = [...sink.received.values()].filter((times) => times > 1).length;
  process.send?.({ firstAt, lastAt, total: sink.total() - base, people: sink.received.size, twice });
});
process.on('disconnect', () => process.exit());
process.send?.(sink.url);
