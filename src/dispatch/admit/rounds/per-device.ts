import { deviceFacts, type PushTarget } from '../../../people/profile/facts.ts';
import type { DeviceFacts } from '../../../templating/facts.ts';
import { type Composed, type ComposedMessage, type DeviceMessage, targetKey } from '../composed.ts';

/** Most devices of a person that have a text of their own. The others have that of an unknown device. */
const MOST_DEVICES = 25;

/**
 * Composes a push whose templates read the device that it goes to: once for each device that is known, and once for all
 * that are not. The message is that of the first device that gets one. `isMissing`: whether the last rendering ended
 * because an answer is not there yet, so that all must be made again.
 */
export function composePerDevice(
  targets: readonly PushTarget[],
  composeFor: (device: DeviceFacts | null) => Composed | Promise<Composed>,
  isMissing: () => boolean,
): Composed | Promise<Composed> {
  const made = new Map<string, Composed | Promise<Composed>>();
  const factsOf = new Map<string, string>();
  for (const [index, target] of targets.entries()) {
    const device = index < MOST_DEVICES ? deviceFacts(target) : null;
    const key = JSON.stringify(device);
    factsOf.set(targetKey(target), key);
    if (made.has(key)) continue;
    const composed = composeFor(device);
    if (isMissing()) return composed;
    made.set(key, composed);
  }
  const all = [...made];
  if (all.every((one): one is [string, Composed] => !(one[1] instanceof Promise))) return gather(new Map(all), factsOf);
  return Promise.all(all.map(async ([key, composed]) => [key, await composed] as const)).then((done) =>
    gather(new Map(done), factsOf),
  );
}

function gather(made: ReadonlyMap<string, Composed>, factsOf: ReadonlyMap<string, string>): Composed {
  const all = [...made.values()];
  const [first] = all;
  const best = all.find((one): one is ComposedMessage => one.kind === 'composed') ?? first;
  if (best === undefined) throw new Error('a push without a device was composed');
  if (best.kind !== 'composed' || all.length === 1) return best;
  const messages = [...factsOf].flatMap(([target, key]): [string, DeviceMessage][] => {
    const composed = made.get(key);
    return composed === undefined || composed.kind === 'later' ? [] : [[target, composed]];
  });
  return { ...best, perDevice: new Map(messages) };
}
