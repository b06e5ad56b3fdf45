import { consentDoors } from '../../people/consent/record/source.ts';
import { answered, given, list, oneOf, optional, orNull, type Schema, text, time } from '../openapi/schema.ts';
import { MOST_CHARACTERS } from './consent-source.ts';

/** The member `cresset` of requests that change subscription states. */
export const consentOptions: Schema = given(
  {
    legal_basis: text('Why the change is lawful, such as `contract`. It is kept with the change.', {
      maxLength: MOST_CHARACTERS,
    }),
  },
  'Our own options. Others are refused.',
);

/** Changes of subscription states, as answers have them. */
export const consentChanges: Schema = list(
  answered({
    changed_at: time(),
    of: oneOf(['email', 'push', 'subscription_group']),
    subscription_group_id: optional(text('The group, if it is of one.')),
    previous_state: orNull(text('null: the person had no state in the group.')),
    state: text(),
    address: orNull(text('The address of that time. null: there was none.')),
    door: oneOf(consentDoors, 'By which way the change came.'),
    api_key: optional(text('The name of the API key.')),
    provider: optional(text()),
    ip: optional(text('The address of the person’s client.')),
    legal_basis: optional(text('As given.')),
  }),
  'The newest first.',
);
