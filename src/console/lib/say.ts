const numbers = new Intl.NumberFormat('en');

/** `48,210`. */
export function count(value: number): string {
  return numbers.format(value);
}

/** `1 person`, `3 people`. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** `83.2 %`, and never 0 for something. */
export function share(part: number, whole: number): string {
  if (whole === 0) return '–';
  const percent = (part / whole) * 100;
  if (part > 0 && percent < 0.1) return '< 0.1 %';
  if (part < whole && percent > 99.9) return '> 99.9 %';
  return `${percent.toFixed(1)} %`;
}

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const minute = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const weekday = new Intl.DateTimeFormat('en-GB', { weekday: 'short' });
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const year = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
const DAY_MS = 86_400_000;

/** Today `09:14:03`, this week `Thu 18:22`, older `21 Nov, 18:04`, in the viewer's zone. */
export function timeOf(at: Date, now = new Date()): string {
  const ageMs = Math.abs(now.getTime() - at.getTime());
  if (at.toDateString() === now.toDateString()) return clock.format(at);
  if (ageMs < 6 * DAY_MS) return `${weekday.format(at)} ${minute.format(at)}`;
  if (at.getFullYear() === now.getFullYear()) return `${day.format(at)}, ${minute.format(at)}`;
  return year.format(at);
}

/** A text of the server with its times as `timeOf` has them. */
export function sayTimes(text: string, now = new Date()): string {
  return text.replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, (at) => timeOf(new Date(at), now));
}

/** `08:00 (Europe/Vienna)`, on another day `Wed 08:00 (…)`, with seconds if it has some. `zone`: of the clock; absent: the viewer's. */
export function untilOf(at: Date, { zone, now = new Date() }: { zone?: string | undefined; now?: Date } = {}): string {
  const timeZone = known(zone) ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
  const dayIn = (date: Date) => date.toLocaleDateString('en-GB', { timeZone });
  const isNear = Math.abs(at.getTime() - now.getTime()) < 6 * DAY_MS;
  const second = at.getTime() % 60_000 === 0 ? {} : ({ second: '2-digit' } as const);
  const clock = at.toLocaleTimeString('en-GB', { timeZone, hour: '2-digit', minute: '2-digit', ...second });
  if (dayIn(at) === dayIn(now)) return `${clock} (${timeZone})`;
  const form = isNear
    ? ({ weekday: 'short' } as const)
    : ({ day: 'numeric', month: 'short', year: 'numeric' } as const);
  return `${at.toLocaleDateString('en-GB', { timeZone, ...form })} ${clock} (${timeZone})`;
}

/** A name of a zone that this browser knows too. */
function known(zone: string | undefined): string | undefined {
  return Intl.supportedValuesOf('timeZone').find((one) => one === zone);
}

/** `0.4 s`, `18 min`, `3 h 20 min`, `4 days`. */
export function durationOf(ms: number): string {
  const seconds = Math.max(0, ms) / 1_000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} days`;
}

const channelNames: Readonly<Record<string, string>> = {
  android_push: 'Android push',
  apple_push: 'iOS push',
  kindle_push: 'Fire push',
  web_push: 'Web push',
  email: 'Email',
  sms: 'SMS',
  webhook: 'Webhook',
  whats_app: 'WhatsApp',
  content_card: 'Content card',
};

export function channelName(channel: string): string {
  return channelNames[channel] ?? channel;
}

/** `01a20f31…0d4e`. */
export function shortId(id: string): string {
  return id.length <= 14 ? id : `${id.slice(0, 8)}…${id.slice(-4)}`;
}
