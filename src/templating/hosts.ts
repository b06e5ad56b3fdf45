/** What the tags of a dialect are given for one rendering, each kind of tag its own host. */
export class Hosts {
  readonly #hosts: readonly object[];

  constructor(hosts: readonly object[]) {
    this.#hosts = hosts;
  }

  /** The host of this class. null: the rendering has none. */
  find<Host extends object>(kind: abstract new (...given: never) => Host): Host | null {
    for (const host of this.#hosts) if (host instanceof kind) return host;
    return null;
  }
}

/** The host of a kind, out of what a frame carries. null: the rendering has none. */
export function hostOf<Host extends object>(
  carried: unknown,
  kind: abstract new (...given: never) => Host,
): Host | null {
  return carried instanceof Hosts ? carried.find(kind) : null;
}
