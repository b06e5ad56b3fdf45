import { LiquidObject } from '../values/values.ts';
import { type Day, dayOf } from './calendar.ts';

/** How an instant is shown: how far clocks are ahead of UTC, in seconds, and the short name of that time, if known. */
export interface Clock {
  offset: number;
  name: string;
  isUtc: boolean;
}

export const utcClock: Clock = { offset: 0, name: 'UTC', isUtc: true };

const DAY = 86_400;

/** An instant on a clock. */
export class Moment extends LiquidObject {
  /** Since 1970, a whole number. */
  readonly seconds: number;
  /** Of a second, 0 to 999,999,999. */
  readonly nanos: number;
  readonly clock: Clock;

  constructor(seconds: number, nanos: number, clock: Clock) {
    super();
    this.seconds = seconds;
    this.nanos = nanos;
    this.clock = clock;
  }

  static of(date: Date): Moment {
    const seconds = Math.floor(date.getTime() / 1000);
    return new Moment(seconds, (date.getTime() - seconds * 1000) * 1_000_000, utcClock);
  }

  on(clock: Clock): Moment {
    return new Moment(this.seconds, this.nanos, clock);
  }

  /** The day that the clock shows, counted from 1970-01-01. */
  get days(): number {
    return Math.floor(this.#local / DAY);
  }

  get date(): Day {
    return dayOf(this.days);
  }

  get hour(): number {
    return Math.floor(this.#ofDay / 3600);
  }

  get minute(): number {
    return Math.floor(this.#ofDay / 60) % 60;
  }

  get second(): number {
    return this.#ofDay % 60;
  }

  get #local(): number {
    return this.seconds + this.clock.offset;
  }

  get #ofDay(): number {
    return this.#local - this.days * DAY;
  }

  /** `2027-07-15 00:30:00 +0200` */
  toString(): string {
    const { year, month, day } = this.date;
    const two = (value: number): string => String(value).padStart(2, '0');
    const zone = this.clock.isUtc ? 'UTC' : showOffset(this.clock.offset);
    return `${padYear(year)}-${two(month)}-${two(day)} ${two(this.hour)}:${two(this.minute)}:${two(this.second)} ${zone}`;
  }
}

function padYear(year: number): string {
  return year < 0 ? `-${String(-year).padStart(4, '0')}` : String(year).padStart(4, '0');
}

/** `+0530` */
function showOffset(offset: number): string {
  const minutes = Math.floor(Math.abs(offset) / 60);
  const digits = String(Math.floor(minutes / 60) * 100 + (minutes % 60)).padStart(4, '0');
  return `${offset < 0 ? '-' : '+'}${digits}`;
}
