import { changeCustom, noCustomAttributes } from '../../../people/profile/custom-values.ts';
import { FIRST_INLINE_ID, type Recipient } from '../../../people/profile/facts.ts';
import { Remarks } from '../../../people/remarks.ts';
import type { AttributesObject } from '../../../people/track/attributes.ts';

/** What stands for the ids of a person who is not stored. */
const NOBODY = 'preview';

/**
 * A person who exists only in a request, with the attributes that `/users/track` would store. `index`: their place in the
 * request, from 0. Pure.
 */
export function inlineRecipient({ profile, custom, groups }: AttributesObject, index: number): Recipient {
  const { columns } = profile;
  const { values, times } = changeCustom(noCustomAttributes, custom, new Remarks());
  return {
    bucket: 0,
    userId: FIRST_INLINE_ID + index,
    person: {
      brazeId: NOBODY,
      externalId: NOBODY,
      firstName: columns.first_name ?? null,
      lastName: columns.last_name ?? null,
      email: columns.email ?? null,
      phone: columns.phone ?? null,
      gender: columns.gender ?? null,
      language: columns.language ?? null,
      country: columns.country ?? null,
      homeCity: columns.home_city ?? null,
      timeZone: columns.time_zone ?? null,
      dob: columns.dob ?? null,
      randomBucket: 0,
      longitude: columns.longitude ?? null,
      latitude: columns.latitude ?? null,
      lastSessionAt: columns.last_session_at ?? null,
      emailState: columns.email_state ?? 'subscribed',
      custom: Object.fromEntries(values),
      customTimes: Object.fromEntries(times),
      subscriptionGroups: Object.fromEntries(groups.map(({ groupId, state }) => [groupId, state])),
      mostRecentlyUsedDevice: null,
    },
    pushState: columns.push_state ?? 'subscribed',
    emailUnsubscribedAt: null,
    pushUnsubscribedAt: null,
    pushTargets: [],
    emailFlags: null,
    phoneFlags: null,
    lastWrote: {},
    wantsNoOpens: false,
    wantsNoClicks: false,
    sharedEmail: null,
    sharedPhone: null,
  };
}
