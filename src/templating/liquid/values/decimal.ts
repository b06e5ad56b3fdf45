import { MAX_DIGITS } from '../budget.ts';
import { LimitReached } from '../errors.ts';

/** More than any float needs. */
const QUOTIENT_DIGITS = 36;

/** `digits` / 10 ^ `scale`. Exact but for division. Scale is never negative. Zero has a sign, as floats have. */
export class Decimal {
  readonly digits: bigint;
  readonly scale: number;
  readonly isNegative: boolean;

  constructor(digits: bigint, scale: number, isNegativeZero = false) {
    this.digits = digits;
    this.scale = scale;
    this.isNegative = digits < 0n || (digits === 0n && isNegativeZero);
  }

  static ofInteger(value: number | bigint): Decimal {
    return new Decimal(BigInt(value), 0);
  }

  /** The shortest decimal that reads as this float. The float is finite. */
  static ofFloat(value: number): Decimal {
    const [mantissa = '', exponent = '0'] = String(value).split('e');
    const read = Decimal.read(mantissa);
    const scale = read.scale - Number(exponent);
    if (scale < 0) return new Decimal(read.digits * powerOfTen(-scale), 0);
    return new Decimal(read.digits, scale, Object.is(value, -0));
  }

  /** `-12.50`, `7` */
  static read(text: string): Decimal {
    if (text.length > MAX_DIGITS) throw new LimitReached(`a number of more than ${MAX_DIGITS} digits`);
    const point = text.indexOf('.');
    if (point === -1) return new Decimal(BigInt(text), 0);
    const digits = BigInt(text.slice(0, point) + text.slice(point + 1));
    return new Decimal(digits, text.length - point - 1, text.startsWith('-'));
  }

  plus(other: Decimal): Decimal {
    const scale = Math.max(this.scale, other.scale);
    return new Decimal(this.#atScale(scale) + other.#atScale(scale), scale, this.isNegative && other.isNegative);
  }

  minus(other: Decimal): Decimal {
    return this.plus(other.negated());
  }

  times(other: Decimal): Decimal {
    return new Decimal(this.digits * other.digits, this.scale + other.scale, this.isNegative !== other.isNegative);
  }

  /** To at least 36 digits, the rest cut off. `other` is not 0. */
  dividedBy(other: Decimal): Decimal {
    const shift = QUOTIENT_DIGITS + Math.max(0, countDigits(other.digits) - countDigits(this.digits));
    const scale = this.scale - other.scale + shift;
    const quotient = (this.digits * powerOfTen(shift)) / other.digits;
    if (scale < 0) return new Decimal(quotient * powerOfTen(-scale), 0);
    return new Decimal(quotient, scale, this.isNegative !== other.isNegative);
  }

  /** What is left of division rounded down: it has the sign of `other`, which is not 0. */
  modulo(other: Decimal): Decimal {
    const scale = Math.max(this.scale, other.scale);
    const divisor = other.#atScale(scale);
    return new Decimal(moduloOf(this.#atScale(scale), divisor), scale);
  }

  negated(): Decimal {
    return new Decimal(-this.digits, this.scale, !this.isNegative);
  }

  abs(): Decimal {
    return this.isNegative ? this.negated() : this;
  }

  compare(other: Decimal): number {
    const scale = Math.max(this.scale, other.scale);
    const [one, two] = [this.#atScale(scale), other.#atScale(scale)];
    return one < two ? -1 : one > two ? 1 : 0;
  }

  floor(): bigint {
    return floorDivide(this.digits, powerOfTen(this.scale));
  }

  ceil(): bigint {
    return -floorDivide(-this.digits, powerOfTen(this.scale));
  }

  /** To so many places after the point, or before it if negative; halves go away from 0. */
  round(places: number): Decimal {
    if (places >= this.scale) return this;
    const unit = powerOfTen(this.scale - places);
    const size = this.digits < 0n ? -this.digits : this.digits;
    const rounded = (2n * size + unit) / (2n * unit);
    const signed = this.digits < 0n ? -rounded : rounded;
    return places >= 0
      ? new Decimal(signed, places, this.isNegative)
      : new Decimal(signed * powerOfTen(-places), 0, this.isNegative);
  }

  toNumber(): number {
    return this.digits === 0n && this.isNegative ? -0 : Number(`${this.digits}e-${this.scale}`);
  }

  /** Always with a sign, if any, and as many places as the scale says. */
  toString(): string {
    const size = String(this.digits < 0n ? -this.digits : this.digits).padStart(this.scale + 1, '0');
    const whole = size.slice(0, size.length - this.scale);
    const sign = this.digits < 0n ? '-' : '';
    return this.scale === 0 ? `${sign}${whole}` : `${sign}${whole}.${size.slice(-this.scale)}`;
  }

  #atScale(scale: number): bigint {
    return this.digits * powerOfTen(scale - this.scale);
  }
}

function powerOfTen(exponent: number): bigint {
  if (exponent > MAX_DIGITS) throw new LimitReached(`a number of more than ${MAX_DIGITS} digits`);
  return 10n ** BigInt(exponent);
}

function countDigits(value: bigint): number {
  return String(value).length;
}

export function floorDivide(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value % by !== 0n && value < 0n !== by < 0n ? quotient - 1n : quotient;
}

export function moduloOf(value: bigint, by: bigint): bigint {
  const rest = value % by;
  return rest !== 0n && rest < 0n !== by < 0n ? rest + by : rest;
}
