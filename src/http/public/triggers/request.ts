import { own, type RawObject } from '../../../lib/raw/json.ts';
import { isEmpty } from '../../../lib/raw/lenient.ts';
import { defaultBucket, type RateBucket } from '../../route.ts';
import { broadcastBucket } from '../broadcast-bucket.ts';

export const campaignPath = '/campaigns/trigger/send';
export const canvasPath = '/canvas/trigger/send';
export const transactionalPath = '/transactional/v1/campaigns/:campaign_id/send';

/** Chooses the rate bucket from the unchecked body. A trigger that names nobody is a broadcast. Source: send.md §13. */
export function bucketOf(path: string, idMember: string): (body: RawObject) => RateBucket {
  return (body) => (isEmpty(own(body, 'recipients')) ? broadcastBucket(path, body, [idMember]) : defaultBucket);
}
