import type { KeyObject } from 'node:crypto';
import type { Logger } from 'pino';
import type { Database } from '../../db/database.ts';
import type { GetText } from '../../feedback/email/sns.ts';
import type { FeedbackDeps } from '../../feedback/take.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Catalog } from '../../workspace/catalog.ts';
import type { Page } from '../page.ts';

/** What the callbacks of providers need. */
export interface CallbackDeps extends FeedbackDeps {
  db: Database;
  clock: Clock;
  log: Logger;
  catalog: Catalog;
  /** Signs references; see `feedback/reference.ts`. */
  secret: KeyObject;
  /** The base URL that providers were told, without a slash at the end. Signatures that cover a URL are of this one. */
  publicUrl: string;
  /** Gets certificates and confirms subscriptions of SNS. Absent: over the network. */
  getText?: GetText | undefined;
}

/**
 * The endpoints of one provider. It calls them without an API key, and proves itself by a signature or a secret. They answer
 * after `takeFeedback`, and what they refuse has no effect.
 */
export type Callback = (deps: CallbackDeps) => Page[];
