import assert from 'node:assert/strict';
import test from 'node:test';
import { systemOf } from './recognize.ts';

const person = '{"external_id":"ada","user_aliases":[],"braze_id":"5eea769d45bb2e1467418f92"}';
const beginnings: [string, string | null][] = [
  [`${person}\n{"exte`, 'braze'],
  [`\ufeff${person}`, 'braze'],
  [`{"users":[${person}],"message":"success"}`, 'braze'],
  [`{"users":[${person},{"exte`, 'braze'],
  [`{\n  "users": [\n${person}`, 'braze'],
  [`[${person}]`, 'braze'],
  ['{"ChannelType":"GCM","Address":"x"}\n', 'pinpoint'],
  ['ChannelType,Address,User.UserId\n', 'pinpoint'],
  ['id;"identifier";device_type;invalid_identifier\n', 'onesignal'],
  ['{"id":"x","identifier":"y","device_type":0,"invalid_identifier":false}', 'onesignal'],
  // What may be anybody's.
  ['{"external_id":"ada","plan":"gold"}\n', null],
  ['{"braze_id":"5eea769d45bb2e1467418f92","plan":"gold"}\n', null],
  ['{"external_id":"ada","note":"\\"braze_id\\" and \\"user_aliases\\""}\n', null],
  ['{"external_id":"ada","text":"braze_id, \\"user_aliases\\" and ', null],
  ['external_id,Address\n', null],
  ['id,identifier,email\n', null],
  ['', null],
  ['null', null],
  ['{"users":[]}', null],
];

test('an export is recognized only by what no other file has', () => {
  for (const [beginning, system] of beginnings) assert.equal(systemOf(beginning), system, beginning);
});
