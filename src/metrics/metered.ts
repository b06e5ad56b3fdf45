import type { Meters, Way } from './meters.ts';

interface Delivering<Args extends unknown[], Answer> {
  deliver(...args: Args): Promise<Answer>;
  close(): Promise<void>;
}

/** No call of a provider was made, so there is nothing to measure. */
const withoutCall = new Set(['held', 'not_begun']);

/** A sender whose calls are measured. Everything else about it stays as it is. */
export function metered<Args extends unknown[], Answer extends { kind: string }>(
  sender: Delivering<Args, Answer>,
  meters: Meters,
  way: Way,
): Delivering<Args, Answer> {
  return {
    deliver(...args) {
      const begun = performance.now();
      const measured = sender.deliver(...args);
      measured.then(
        ({ kind }) => {
          if (withoutCall.has(kind)) return;
          meters.called(way, (performance.now() - begun) / 1_000, kind === 'accepted' ? null : kind);
        },
        () => undefined, // whoever called the sender hears of it
      );
      return measured;
    },
    close: () => sender.close(),
  };
}
