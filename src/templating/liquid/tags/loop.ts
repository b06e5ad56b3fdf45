import { Drop, isHash, Range, type Value } from '../values/values.ts';

/** The items over which a loop goes. */
export interface Items {
  readonly length: number;
  at(index: number): Value;
}

const none: Items = { length: 0, at: () => null };

/**
 * From the `from`th item on, up to but without the `to`th. A text is one item, whatever the bounds; the items of a
 * record are pairs of name and value.
 */
export function itemsOf(collection: Value, from: number, to: number | null): Items {
  if (typeof collection === 'string') return collection === '' ? none : ofList([collection], 0, 1);
  if (Array.isArray(collection)) return ofList(collection, from, to);
  if (collection instanceof Range) return slice(collection.size, (index) => collection.at(index), from, to);
  return isHash(collection) ? ofList(Object.entries(collection), from, to) : none;
}

function ofList(list: readonly Value[], from: number, to: number | null): Items {
  return slice(list.length, (index) => list[index], from, to);
}

function slice(length: number, at: (index: number) => Value, from: number, to: number | null): Items {
  const first = Math.max(0, from);
  const end = to === null ? length : Math.min(length, to);
  return { length: Math.max(0, end - first), at: (index) => at(first + index) };
}

export function reversed(items: Items): Items {
  return { length: items.length, at: (index) => items.at(items.length - 1 - index) };
}

/** What every loop tells about where it is. */
export abstract class Loop extends Drop {
  readonly length: number;
  index0 = 0;

  constructor(length: number) {
    super();
    this.length = length;
  }

  get(name: string): Value {
    switch (name) {
      case 'length':
        return this.length;
      case 'index':
        return this.index0 + 1;
      case 'index0':
        return this.index0;
      case 'rindex':
        return this.length - this.index0;
      case 'rindex0':
        return this.length - this.index0 - 1;
      case 'first':
        return this.index0 === 0;
      case 'last':
        return this.index0 === this.length - 1;
      default:
        return null;
    }
  }
}
