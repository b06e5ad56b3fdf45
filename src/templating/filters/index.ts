import { createHash, createHmac } from 'node:crypto';
import type { Budget } from '../liquid/budget.ts';
import { type Filter, type Filters, givingHtml, takes } from '../liquid/filter.ts';
import { standardFilters } from '../liquid/filters/index.ts';
import { toText } from '../liquid/values/show.ts';
import { isHash, type Value } from '../liquid/values/values.ts';
import { inZone } from './clocks.ts';
import { asJson, jsonEscape, jsonParse } from './json.ts';
import { money, numberWithDelimiter } from './money.ts';

/** The filters that are not of Liquid. Source: personalization.md §5. */
const own: ReadonlyMap<string, Filter> = new Map<string, Filter>([
  ['money', takes(0, (input, _args, { budget }) => money(input, budget))],
  ['number_with_delimiter', takes(0, (input, _args, { budget }) => numberWithDelimiter(input, budget))],
  ['md5', hash('md5')],
  ['sha1', hash('sha1')],
  ['sha2', hash('sha256')],
  ['hmac_sha1', hmac('sha1', 'hex')],
  ['hmac_sha1_hex', hmac('sha1', 'hex')],
  ['hmac_sha1_base64', hmac('sha1', 'base64')],
  ['hmac_sha256', hmac('sha256', 'hex')],
  ['hmac_sha256_hex', hmac('sha256', 'hex')],
  ['hmac_sha256_base64', hmac('sha256', 'base64')],
  ['hmac_sha512', hmac('sha512', 'hex')],
  ['url_escape', urlFilter(encodeURI)],
  ['url_param_escape', urlFilter(encodeURIComponent)],
  ['json_escape', takes(0, (input, _args, { budget }) => jsonEscape(input, budget))],
  ['json_parse', takes(0, (input, _args, { budget }) => jsonParse(input, budget))],
  ['as_json_string', takes(0, (input, _args, { budget }) => asJson(input, budget))],
  ['property_accessor', takes(1, (input, [name], { budget }) => memberOf(input, toText(name, budget)))],
  ['raw', givingHtml(takes(0, (input) => input))],
  ['time_zone', takes(1, (input, [zone], { now, budget }) => inZone(input, zone, now, budget))],
]);

export const dialectFilters: Filters = new Map([...standardFilters, ...own]);

function hash(algorithm: string): Filter {
  return takes(0, (input, _args, { budget }) => createHash(algorithm).update(bytesOf(input, budget)).digest('hex'));
}

function hmac(algorithm: string, encoding: 'hex' | 'base64'): Filter {
  return takes(1, (input, [key], { budget }) =>
    createHmac(algorithm, toText(key, budget)).update(bytesOf(input, budget)).digest(encoding),
  );
}

function bytesOf(input: Value, budget: Budget): string {
  const text = toText(input, budget);
  budget.work(1_000 + 5 * text.length);
  return text;
}

function urlFilter(encode: (text: string) => string): Filter {
  return takes(0, (input, _args, { budget }) => {
    const text = toText(input, budget).toWellFormed();
    budget.work(9 * text.length);
    const encoded = encode(text);
    budget.text(encoded.length);
    return encoded;
  });
}

function memberOf(value: Value, name: string): Value {
  return isHash(value) && Object.hasOwn(value, name) ? value[name] : null;
}
