import assert from 'node:assert/strict';
import test from 'node:test';
import { RequestError } from '../../errors.ts';
import { readSchedule } from './schedule-request.ts';

const now = '2027-06-01T12:00:00Z';

function read(schedule: unknown, at = now) {
  return readSchedule({ schedule }, new Date(at));
}

for (const [schedule, kind, time] of [
  [{ time: '2027-06-01T12:00:00Z' }, 'at', '2027-06-01T12:00:00.000Z'],
  [{ time: '2027-06-01T11:56:00Z' }, 'at', '2027-06-01T11:56:00.000Z'],
  // Without a zone the time is UTC, whatever zone the server is in.
  [{ time: '2028-03-28T02:30:00' }, 'at', '2028-03-28T02:30:00.000Z'],
  [{ time: '2028-03-28T02:30:00+02:00' }, 'at', '2028-03-28T00:30:00.000Z'],
  [{ time: '2028-03-28' }, 'at', '2028-03-28T00:00:00.000Z'],
  [{ time: '2028-03-28T02:30:00.5-05:00', in_local_time: 'false' }, 'at', '2028-03-28T07:30:00.500Z'],
  // A zone is dropped from a local time.
  [{ time: '2027-06-02T09:00:00Z', in_local_time: true }, 'local', '2027-06-02T09:00:00.000Z'],
  [{ time: '2027-06-02T09:00:00+05:30', in_local_time: 'true' }, 'local', '2027-06-02T09:00:00.000Z'],
  [{ time: '2027-06-02 09:00:00 +0530', in_local_time: 1 }, 'local', '2027-06-02T09:00:00.000Z'],
  [{ time: '2027-06-02T09:00:00-5', in_local_time: true }, null, null],
  [{ time: '2027-06-02', in_local_time: true }, 'local', '2027-06-02T00:00:00.000Z'],
  [{ time: '2027-06-10T23:59:00-11:00', at_optimal_time: true }, 'optimal', '2027-06-10T00:00:00.000Z'],
  [{ time: '2027-06-10', at_optimal_time: true, in_local_time: true }, 'optimal', '2027-06-10T00:00:00.000Z'],
] as const) {
  test(`reads ${JSON.stringify(schedule)}`, () => {
    if (kind === null) assert.throws(() => read(schedule), RequestError);
    else assert.deepEqual(read(schedule).schedule, { kind, time });
  });
}

test('a local time has passed once it has in every zone', () => {
  const local = { time: '2027-06-01T09:00:00', in_local_time: true };
  assert.equal(read(local, '2027-06-01T19:59:00Z').schedule.kind, 'local', 'it is to come in Pago Pago');
  assert.throws(() => read(local, '2027-06-01T21:01:00Z'), /bad_request|Bad/i, 'it has passed even at UTC-12');
  const optimal = { time: '2027-06-01', at_optimal_time: true };
  assert.equal(read(optimal, '2027-06-02T11:59:00Z').schedule.kind, 'optimal');
  assert.throws(() => read(optimal, '2027-06-02T12:01:00Z'), RequestError);
});

for (const [schedule, problem] of [
  [undefined, 'schedule: expected an object with time, got nothing'],
  [[], 'schedule: expected an object with time, got an array'],
  ['2027-06-02', 'schedule: expected an object with time, got a text'],
  [{}, 'schedule.time: is required: an ISO 8601 time such as 2027-03-15T12:00:00Z'],
  [{ time: 'tomorrow' }, 'schedule.time: expected an ISO 8601 time such as 2027-03-15T12:00:00Z, got "tomorrow"'],
  [{ time: 5 }, 'schedule.time: expected an ISO 8601 time such as 2027-03-15T12:00:00Z, got 5'],
  [{ time: '2027-02-30' }, 'schedule.time: expected an ISO 8601 time such as 2027-03-15T12:00:00Z, got "2027-02-30"'],
  [{ time: '2027-06-02', in_local_time: 'often' }, 'schedule.in_local_time: expected a boolean, got a text'],
  [
    { time: '2027-06-01T11:54:00Z' },
    'schedule.time: expected a time to come, got 2027-06-01T11:54:00.000Z; it is 2027-06-01T12:00:00.000Z',
  ],
  [{ time: '\u0000' }, 'schedule.time: expected an ISO 8601 time such as 2027-03-15T12:00:00Z, got "?"'],
] as const) {
  test(`refuses ${JSON.stringify(schedule)}`, () => {
    assert.throws(
      () => read(schedule),
      (error: RequestError) => {
        assert.deepEqual(error.errors, [problem]);
        return error.code === 'bad_request';
      },
    );
  });
}

test('warns of a member that it does not know', () => {
  const { warnings } = read({ time: '2027-06-02', in_localtime: true });
  assert.match(warnings[0] ?? '', /^schedule\.in_localtime: not known, ignored; did you mean in_local_time\?/);
});

test('warns of a zone that is dropped, unless it is UTC', () => {
  const said = (time: string, more: object = { in_local_time: true }) => read({ time, ...more }).warnings;
  const warning = (zone: string, member = 'in_local_time') =>
    `schedule.time: its zone ${zone} is dropped: with ${member} each person's own counts`;
  assert.deepEqual(said('2027-06-02T09:00:00+01:00'), [warning('+01:00')]);
  assert.deepEqual(said('2027-06-02 09:00:00.5 -0530'), [warning('-0530')]);
  assert.deepEqual(said('2027-06-10T09:00+14:00', { at_optimal_time: true }), [warning('+14:00', 'at_optimal_time')]);
  for (const time of ['2027-06-02T09:00:00Z', '2027-06-02T09:00:00+00:00', '2027-06-02T09:00:00', '2027-06-02'])
    assert.deepEqual(said(time), [], time);
  assert.deepEqual(said('2027-06-02T09:00:00+01:00', {}), []);
});
