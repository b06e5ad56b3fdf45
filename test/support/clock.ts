import { MovableClock } from '../../src/lib/movable-clock.ts';

/** A clock that stands still until a test moves it. */
export class TestClock extends MovableClock {
  constructor(start = '2026-03-15T12:00:00.000Z') {
    super(new Date(start));
  }
}
