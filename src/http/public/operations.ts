import type { Operations } from '../openapi/operation.ts';
import { operations as activity } from './activity/operations.ts';
import { operations as audience } from './audience/operations.ts';
import { operations as campaigns } from './campaigns/operations.ts';
import { operations as canvas } from './canvas/operations.ts';
import { operations as content } from './content/operations.ts';
import { operations as dispatchLists } from './dispatch-lists/operations.ts';
import { operations as dispatches } from './dispatches/operations.ts';
import { operations as email } from './email/operations.ts';
import { operations as emailRelays } from './email-relays/operations.ts';
import { operations as exports } from './exports/operations.ts';
import { operations as feed } from './feed/operations.ts';
import { operations as itemCatalogs } from './item-catalogs/operations.ts';
import { operations as mediaLibrary } from './media-library/operations.ts';
import { operations as messageEvents } from './message-events/operations.ts';
import { operations as messagesPreview } from './messages-preview/operations.ts';
import { operations as messagesSchedule } from './messages-schedule/operations.ts';
import { operations as messagesSend } from './messages-send/operations.ts';
import { operations as preferenceCenters } from './preference-centers/operations.ts';
import { operations as pushApps } from './push-apps/operations.ts';
import { operations as sandbox } from './sandbox/operations.ts';
import { operations as segments } from './segments/operations.ts';
import { operations as sends } from './sends/operations.ts';
import { operations as sms } from './sms/operations.ts';
import { operations as status } from './status/operations.ts';
import { operations as subscription } from './subscription/operations.ts';
import { operations as triggers } from './triggers/operations.ts';
import { operations as userConsent } from './user-consent/operations.ts';
import { operations as userMessages } from './user-messages/operations.ts';
import { operations as users } from './users/operations.ts';

/** What every route of the API says of itself, by method and path. A new folder is added here. */
export const operations: Operations = {
  ...dispatchLists,
  ...{ ...mediaLibrary, ...preferenceCenters },
  ...{ ...activity, ...audience, ...campaigns, ...canvas, ...content, ...dispatches, ...email, ...emailRelays },
  ...{
    ...exports,
    ...feed,
    ...itemCatalogs,
    ...messageEvents,
    ...messagesPreview,
    ...messagesSchedule,
    ...messagesSend,
    ...pushApps,
    ...sandbox,
  },
  ...{
    ...segments,
    ...sends,
    ...sms,
    ...status,
    ...subscription,
    ...triggers,
    ...userConsent,
    ...userMessages,
    ...users,
  },
};
