import assert from 'node:assert/strict';
import test from 'node:test';
import { Problems } from '../../lib/raw/problems.ts';
import { columnsFor, eitherNeeds, needsToKnow, type RecipientNeeds } from '../../people/profile/needs.ts';
import { needsOf } from './needs.ts';
import type { SendPlan } from './send-plan.ts';
import { compileMessages } from './templates.ts';

const nothing: RecipientNeeds = {
  custom: false,
  details: false,
  push: false,
  groups: false,
  group: null,
  emailFlags: false,
  phoneFlags: false,
  lastWrote: false,
  sharing: false,
};

const ID = '0d7c9a52-3b7e-4c5e-9a55-5f1f0f6f7a18';
const named = { isOncePerAddress: false };
const needsOfMessages = (messages: SendPlan['messages'], to = named) =>
  needsOf(compileMessages(messages, new Problems()), to);

test('a message needs what the gates ask of its address and what its templates read', () => {
  const table: [messages: SendPlan['messages'], needs: Partial<RecipientNeeds>][] = [
    [{ webhook: { body: 'hi' } }, {}],
    [{ content_card: { title: 'hi' } }, {}],
    [{ email: { body: 'hi' } }, { emailFlags: true }],
    [{ sms: { body: 'hi' } }, { phoneFlags: true, groups: true }],
    [{ sms: { body: 'hi', subscription_group_id: ID.toUpperCase() } }, { phoneFlags: true, group: ID }],
    [
      { sms: { body: 'hi', subscription_group_id: 'g1' }, whats_app: { body: 'hi', subscription_group_id: 'g2' } },
      { phoneFlags: true, lastWrote: true, groups: true },
    ],
    [{ whats_app: { body: 'hi' } }, { phoneFlags: true, groups: true, lastWrote: true }],
    [{ whats_app: { message_type: 'template_message' } }, { phoneFlags: true, groups: true }],
    [{ apple_push: { alert: 'hi' } }, { push: true }],
    [
      { apple_push: { alert: 'hi' }, email: { body: 'hi' } },
      { push: true, emailFlags: true },
    ],
    [{ webhook: { body: '{{${first_name}}} {{${time_zone}}} {{${email_address}}}' } }, {}],
    [{ webhook: { body: '{{${city}}}' } }, { details: true }],
    [{ webhook: { deep: [{ er: '{{${braze_id}}}' }] } }, { details: true }],
    [{ webhook: { body: '{{${phone_number}}}' } }, { details: true }],
    [{ sms: { body: '{{${phone_number}}}' } }, { phoneFlags: true, groups: true }],
    [{ email: { body: '{{custom_attribute.${plan}}}' } }, { emailFlags: true, custom: true }],
    [{ email: { body: '{{subscribed_state.${g}}}' } }, { emailFlags: true, groups: true }],
    [{ email: { body: '{{subscribed_state.${email_global}}}' } }, { emailFlags: true }],
    [{ email: { body: '{{most_recently_used_device.${id}}}' } }, { emailFlags: true, push: true }],
    [{ email: { body: '{{${unsubscribe_url}}}' } }, { emailFlags: true }],
    // Words of the template language in plain text, and a template in a member that is never rendered.
    [{ webhook: { body: 'a city in custom_attribute country' } }, {}],
    [{ apple_push: { message_variation_id: '{{${city}}}' } }, { push: true }],
  ];
  for (const [messages, needs] of table)
    assert.deepEqual(needsOfMessages(messages), { ...nothing, ...needs }, JSON.stringify(messages));
});

test('a broadcast needs to know who shares an address', () => {
  assert.deepEqual(needsOfMessages({ email: { body: 'hi' } }, { isOncePerAddress: true }), {
    ...nothing,
    emailFlags: true,
    sharing: true,
  });
});

test('two dispatches of one chunk need what either needs', () => {
  const one = { ...nothing, custom: true, groups: true };
  assert.deepEqual(eitherNeeds(one, { ...nothing, push: true }), { ...one, push: true });
  const inOne = { ...nothing, group: 'g1' };
  assert.deepEqual(eitherNeeds(inOne, nothing), inOne);
  assert.deepEqual(eitherNeeds(nothing, inOne), inOne);
  assert.deepEqual(eitherNeeds(inOne, inOne), inOne);
  assert.deepEqual(eitherNeeds(inOne, { ...nothing, group: 'g2' }), { ...nothing, groups: true });
  assert.deepEqual(eitherNeeds(inOne, one), one);
});

test('each need is loaded from a column of the person or from another table', () => {
  const always = ['external_id', 'first_name', 'last_name', 'email', 'time_zone', 'email_state'];
  assert.deepEqual(columnsFor(nothing), always);
  assert.deepEqual(columnsFor({ ...nothing, custom: true }), [...always, 'custom', 'custom_times']);
  assert.deepEqual(columnsFor({ ...nothing, phoneFlags: true }), [...always, 'phone']);
  assert.ok(columnsFor({ ...nothing, details: true }).includes('home_city'));
  assert.deepEqual(needsToKnow(['homeCity', 'firstName'], nothing), { ...nothing, details: true });
  assert.deepEqual(needsToKnow(['phone'], { ...nothing, phoneFlags: true }), { ...nothing, phoneFlags: true });
});
