/**
 * What a template computes with: null, booleans, texts, numbers, lists, records (plain objects) and the objects below.
 * A whole JavaScript number or a bigint is an integer; every other number is a float. A float that happens to be whole
 * is a `Float`, since 7.0 and 7 divide and print differently. Ruby calls them Integer and Float, Array and Hash.
 */
export type Value = unknown;

/** Values of our own, as opposed to the data of a caller. */
export abstract class LiquidObject {
  /** As it is printed. */
  abstract toString(): string;
}

export class Float extends LiquidObject {
  readonly value: number;

  constructor(value: number) {
    super();
    this.value = value;
  }

  toString(): string {
    return showFloat(this.value);
  }
}

/** `(1..3)`: both ends are integers and belong to it. */
export class Range extends LiquidObject {
  readonly first: number | bigint;
  readonly last: number | bigint;

  constructor(first: number | bigint, last: number | bigint) {
    super();
    this.first = first;
    this.last = last;
  }

  get size(): number {
    return this.last < this.first ? 0 : Number(BigInt(this.last) - BigInt(this.first)) + 1;
  }

  at(index: number): number | bigint {
    return typeof this.first === 'number' && Number.isSafeInteger(this.first + index)
      ? this.first + index
      : BigInt(this.first) + BigInt(index);
  }

  toString(): string {
    return `${showInteger(this.first)}..${showInteger(this.last)}`;
  }
}

/** An object that answers to names, such as `forloop`. */
export abstract class Drop extends LiquidObject {
  abstract get(name: string): Value;
}

export type Hash = Readonly<Record<string, Value>>;

export function isHash(value: Value): value is Hash {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof LiquidObject);
}

export function isNil(value: Value): value is null | undefined {
  return value === null || value === undefined;
}

/** Everything but nil and false is true. */
export function isTruthy(value: Value): boolean {
  return value !== null && value !== undefined && value !== false;
}

export function isInteger(value: Value): value is number | bigint {
  return typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value));
}

export function isFloat(value: Value): value is number | Float {
  return value instanceof Float || (typeof value === 'number' && !Number.isInteger(value));
}

/** A text, list or record without anything in it. */
export function isEmpty(value: Value): boolean {
  if (typeof value === 'string' || Array.isArray(value)) return value.length === 0;
  return isHash(value) && Object.keys(value).length === 0;
}

export function isNumber(value: Value): value is number | bigint | Float {
  return typeof value === 'number' || typeof value === 'bigint' || value instanceof Float;
}

export function float(value: number): number | Float {
  return Number.isInteger(value) ? new Float(value) : value;
}

/** The JavaScript number of a float. */
export function floatValue(value: number | Float): number {
  return typeof value === 'number' ? value : value.value;
}

/** An integer in its smallest form. */
export function integer(value: bigint): number | bigint {
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
}

export function showInteger(value: number | bigint): string {
  return typeof value === 'number' && !Number.isSafeInteger(value) ? BigInt(value).toString() : String(value);
}

/** As Ruby prints floats: always with a point; in powers of ten below 0.0001, and whole ones from 1e15. */
export function showFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity';
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  const size = Math.abs(value);
  if (size < 1e-4 || (size >= 1e15 && Number.isInteger(value))) return powerOfTen(value);
  const text = String(value);
  return Number.isInteger(value) ? `${text}.0` : text;
}

function powerOfTen(value: number): string {
  const [mantissa = '', exponent = ''] = value.toExponential().split('e');
  const sign = exponent.startsWith('-') ? '-' : '+';
  return `${mantissa.includes('.') ? mantissa : `${mantissa}.0`}e${sign}${exponent.slice(1).padStart(2, '0')}`;
}
