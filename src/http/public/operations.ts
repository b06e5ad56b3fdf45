import type { Operations } from '../openapi/operation.ts';
import { operations as email } from './email/operations.ts';
import { operations as sms } from './sms/operations.ts';

/** What every route of the API says of itself, by method and path. A new folder is added here. */
export const operations: Operations = { ...email, ...sms };
