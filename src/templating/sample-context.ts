import type { PersonFacts, RenderContext } from './facts.ts';

/** For tests: a context of a person of whom nothing is known but these custom attributes. */
export function sampleContext(custom: PersonFacts['custom'] = {}, other: Partial<RenderContext> = {}): RenderContext {
  return {
    now: new Date('2026-03-15T12:00:00Z'),
    person: {
      brazeId: 'b1',
      externalId: 'u1',
      firstName: 'Ada',
      lastName: null,
      email: 'ada@acme.test',
      phone: null,
      gender: null,
      language: 'en',
      country: null,
      homeCity: null,
      timeZone: 'Europe/Vienna',
      dob: null,
      randomBucket: 7,
      longitude: null,
      latitude: null,
      lastSessionAt: null,
      emailState: 'subscribed',
      custom,
      customTimes: {},
      subscriptionGroups: {},
      mostRecentlyUsedDevice: null,
    },
    dispatchId: 'd1',
    campaign: null,
    variation: null,
    links: null,
    ...other,
  };
}
