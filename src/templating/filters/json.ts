import type { Budget } from '../liquid/budget.ts';
import { LiquidError, MAX_DEPTH } from '../liquid/errors.ts';
import { toText } from '../liquid/values/show.ts';
import { TextBuilder } from '../liquid/values/text.ts';
import { Float, float, integer, isHash, isNil, isNumber, type Value } from '../liquid/values/values.ts';

/** What stands within quotes in JSON. */
export function jsonEscape(value: Value, budget: Budget): string {
  const text = toText(value, budget);
  budget.text(6 * text.length);
  return JSON.stringify(text).slice(1, -1);
}

/** Most bytes that the value of one character of JSON takes, as in `[[],[],…`. */
const BYTES_PER_CHARACTER = 32;

/** Lists and records stay as they are. A number with a point stays a float, and a long one whole. */
export function jsonParse(value: Value, budget: Budget): Value {
  if (Array.isArray(value) || isHash(value)) return value;
  const json = toText(value, budget);
  budget.list((BYTES_PER_CHARACTER / 16) * json.length);
  if (isTooDeep(json)) throw new LiquidError(`json_parse: nested more than ${MAX_DEPTH} deep`);
  return readJson(json);
}

/** The value of an answer's body. undefined: it is not JSON. Throws LiquidError for one that is nested too deeply. */
export function jsonOf(text: string, budget: Budget): Value | undefined {
  budget.list((BYTES_PER_CHARACTER / 16) * text.length);
  if (isTooDeep(text)) throw new LiquidError(`an answer is nested more than ${MAX_DEPTH} deep`);
  try {
    return JSON.parse(text, readNumber);
  } catch {
    return undefined;
  }
}

export function readJson(json: string): Value {
  try {
    return JSON.parse(json, readNumber);
  } catch {
    throw new LiquidError('json_parse: not JSON'); // the message of the error quotes the text
  }
}

function readNumber(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== 'number') return value;
  const source = context?.source ?? '';
  if (/[.eE]/.test(source)) return float(value);
  return Number.isSafeInteger(value) ? value + 0 : integer(BigInt(source));
}

function isTooDeep(json: string): boolean {
  let depth = 0;
  let isQuoted = false;
  for (let at = 0; at < json.length; at += 1) {
    const character = json[at];
    if (isQuoted && character === '\\') at += 1;
    else if (character === '"') isQuoted = !isQuoted;
    else if (!isQuoted && (character === '[' || character === '{')) depth += 1;
    else if (!isQuoted && (character === ']' || character === '}')) depth -= 1;
    if (depth > MAX_DEPTH) return true;
  }
  return false;
}

export function asJson(value: Value, budget: Budget): string {
  const builder = new TextBuilder(budget);
  append(value, builder, budget, 0);
  return builder.toString();
}

function append(value: Value, builder: TextBuilder, budget: Budget, depth: number): void {
  if (depth > MAX_DEPTH) throw new LiquidError('as_json_string: nested too deeply');
  if (isNil(value)) builder.add('null');
  else if (Array.isArray(value)) {
    builder.addAll('[', value, ']', ',', (item) => append(item, builder, budget, depth + 1));
  } else if (isHash(value)) {
    builder.addAll('{', Object.entries(value), '}', ',', ([key, member]) => {
      builder.add(`${JSON.stringify(key)}:`);
      append(member, builder, budget, depth + 1);
    });
  } else builder.add(scalar(value, budget));
}

function scalar(value: Value, budget: Budget): string {
  const text = toText(value, budget);
  if (typeof value === 'boolean') return text;
  if (!isNumber(value)) return JSON.stringify(text);
  return value instanceof Float && !Number.isFinite(value.value) ? 'null' : text;
}
