const nothing: ReadonlyMap<never, never> = new Map<never, never>();

/** The one empty map that all share who need none: a map of its own takes hundreds of bytes. */
export function emptyMap<Key, Value>(): ReadonlyMap<Key, Value> {
  return nothing as ReadonlyMap<Key, Value>;
}

/** Adds to a map that began as `emptyMap()` and that the caller alone changes. Returns the map to keep in its place. */
export function withEntry<Key, Value>(map: ReadonlyMap<Key, Value>, key: Key, value: Value): ReadonlyMap<Key, Value> {
  const own = map.size === 0 ? new Map<Key, Value>() : (map as Map<Key, Value>);
  return own.set(key, value);
}

/** Removes from such a map. */
export function withoutEntry<Key, Value>(map: ReadonlyMap<Key, Value>, key: Key): ReadonlyMap<Key, Value> {
  if (map.has(key)) (map as Map<Key, Value>).delete(key);
  return map;
}
