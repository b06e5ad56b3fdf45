// A compiled template says what it reads: whatever else is left out of the context, it renders the same.
import assert from 'node:assert/strict';
import test from 'node:test';
import type { PersonFacts, RenderContext } from './facts.ts';
import { type Read, readsOf } from './resolve.ts';
import { compileTemplate } from './template.ts';

const ada: PersonFacts = {
  brazeId: 'b1',
  externalId: 'u1',
  firstName: 'Ada',
  lastName: 'Lovelace',
  email: 'ada@acme.test',
  phone: '+14155550100',
  gender: 'f',
  language: 'en',
  country: 'GB',
  homeCity: 'London',
  timeZone: 'Europe/London',
  dob: '1815-12-10',
  randomBucket: 7,
  longitude: 1,
  latitude: 2,
  lastSessionAt: new Date('2026-03-01T12:00:00Z'),
  emailState: 'opted_in',
  custom: { plan: 'gold', joined: '2026-01-31', pet: { name: 'Rex' } },
  customTimes: { joined: 1769817600000 },
  subscriptionGroups: { g1: 'subscribed' },
  mostRecentlyUsedDevice: { id: 'd1' },
};

/** As a person is whose facts were not loaded. */
const unknown: PersonFacts = {
  ...ada,
  ...{ brazeId: '', externalId: null, firstName: null, lastName: null, email: null, phone: null, gender: null },
  ...{ language: null, country: null, homeCity: null, timeZone: null, dob: null, randomBucket: 0, longitude: null },
  ...{ latitude: null, lastSessionAt: null, emailState: 'subscribed', custom: {}, customTimes: {} },
  ...{ subscriptionGroups: {}, mostRecentlyUsedDevice: null },
};

const links = { unsubscribe: 'https://c.test/u', subscribe: 'https://c.test/s', optIn: 'https://c.test/o' };
const context: RenderContext = {
  now: new Date('2026-03-15T12:00:00Z'),
  person: ada,
  dispatchId: 'd1',
  campaign: { id: 'c1', name: 'Spring' },
  variation: { id: 'v1', name: 'A' },
  links,
};

/** The context in which only these things are known, or all but these. */
function knowing(reads: ReadonlySet<Read>, isKnown: boolean): RenderContext {
  const person = Object.fromEntries(
    Object.entries(ada).map(([name, value]) => {
      const fact = name as keyof PersonFacts;
      return [name, reads.has(fact) === isKnown ? value : unknown[fact]];
    }),
  );
  return { ...context, person: person as unknown as PersonFacts, links: reads.has('links') === isKnown ? links : null };
}

const readsOfText = (text: string) => new Set(compileTemplate(text).references.flatMap(readsOf));

const table: [template: string, reads: Read[]][] = [
  ['Hi {{${first_name}}}', ['firstName']],
  ['{{${user_id}}} {{${last_name}}} {{${email_address}}}', ['externalId', 'lastName', 'email']],
  ['{{${braze_id}}}{{${gender}}}{{${language}}}{{${country}}}', ['brazeId', 'gender', 'language', 'country']],
  ['{{${city}}} {{${phone_number}}} {{${date_of_birth}}}', ['homeCity', 'phone', 'dob']],
  ['{{${time_zone}}} {{${random_bucket_number}}}', ['timeZone', 'randomBucket']],
  ['{{${last_used_app_date} | date: "%Y"}}', ['lastSessionAt']],
  ['{{custom_attribute.${plan} | upcase}}', ['custom', 'customTimes']],
  ['{{custom_attribute.${joined}}} {{custom_attribute.${pet.name}}}', ['custom', 'customTimes']],
  ['{{custom_attribute.${pet}[0].name}}', ['custom', 'customTimes']],
  ['{% if {{custom_attribute.${plan}}} == "gold" %}yes{% endif %}', ['custom', 'customTimes']],
  ['{% assign who = {{${first_name} | default: "you"}} %}{{who}}', ['firstName']],
  ['{% case ${country} %}{% when "GB" %}tea{% endcase %}', ['country']],
  ['{{"x" | append: {{${language}}}}}', ['language']],
  ['{{subscribed_state.${email_global}}}', ['emailState']],
  ['{{subscribed_state.${G1}}}', ['subscriptionGroups']],
  ['{{most_recently_used_device.${id}}}', ['mostRecentlyUsedDevice']],
  ['{{${unsubscribe_url}}} {{${set_user_to_opted_in_url}}}', ['links']],
  ['{{campaign.${name}}} {{campaign.${message_name}}} {{campaign.${dispatch_id}}}', []],
  ['{{event_properties.${city}}} {{${no_such_name}}}', []],
  // What only looks like reading.
  ['custom_attribute and city, {{"country"}}', []],
  ['{% raw %}{{${city}}}{% endraw %}{% comment %}{{${gender}}}{% endcomment %}', []],
];

test('a template names what it reads, and nothing else matters to it', () => {
  for (const [text, expected] of table) {
    const reads = readsOfText(text);
    assert.deepEqual([...reads].sort(), [...expected].sort(), text);
    const template = compileTemplate(text);
    const rendered = template.render(context);
    assert.equal(template.render(knowing(reads, true)), rendered, `${text} reads something that it does not name`);
    if (expected.length > 0) assert.notEqual(template.render(knowing(reads, false)), rendered, text);
  }
});
