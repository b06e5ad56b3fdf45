interface Weighted {
  /** 0: it has no share. */
  weight: number;
  readonly isAvailable: boolean;
}

/**
 * The order in which relays are asked for each mail. The first is chosen by weight among those that are available, so that
 * of 100 mails a weight of 30 beside 70 gets 30, evenly mixed. The others follow in the order of preference.
 */
export function createTurns<R extends Weighted>(relays: readonly R[]): { next(): readonly R[] } {
  const credits = new Map(relays.map((relay) => [relay, 0]));
  return {
    next() {
      const sharing = relays.filter(({ weight, isAvailable }) => weight > 0 && isAvailable);
      const [first, ...others] = sharing;
      if (first === undefined) return relays;
      let chosen = first;
      for (const relay of sharing) credits.set(relay, (credits.get(relay) ?? 0) + relay.weight);
      for (const relay of others) if ((credits.get(relay) ?? 0) > (credits.get(chosen) ?? 0)) chosen = relay;
      const total = sharing.reduce((sum, { weight }) => sum + weight, 0);
      credits.set(chosen, (credits.get(chosen) ?? 0) - total);
      return [chosen, ...relays.filter((relay) => relay !== chosen)];
    },
  };
}
