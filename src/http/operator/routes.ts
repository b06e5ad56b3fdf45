import { Attempts } from '../../operators/attempts.ts';
import type { Route } from '../route.ts';
import { type AccountDeps, accountRoutes } from './account/route.ts';
import { type SignInDeps, signInRoutes } from './account/sign-in-route.ts';
import { type AudienceDeps, audienceBuilderRoutes } from './audience/route.ts';
import { operatorCampaignRoutes } from './campaigns/route.ts';
import { composeRoutes } from './compose/route.ts';
import { definitionRoutes } from './definitions/definitions-route.ts';
import { type DefinitionDeps, segmentRoutes } from './definitions/segments-route.ts';
import { type DispatchDeps, operatorDispatchRoutes } from './dispatches/route.ts';
import { findRoutes } from './find/route.ts';
import { homeRoutes } from './home/route.ts';
import { createTroubleList, type TroubleDeps } from './home/troubles.ts';
import { keyRoutes } from './keys/route.ts';
import { type LiveDeps, liveRoute } from './live/route.ts';
import { mirroredRoutes } from './mirrored.ts';
import { outboxRoutes } from './outbox/route.ts';
import { type PeopleDeps, peopleRoutes } from './people/route.ts';
import { requestLogRoutes } from './requests/route.ts';
import type { OperatorRoute } from './route.ts';
import { type SettingsDeps, settingsRoutes } from './settings/route.ts';
import { viewRoutes } from './views/route.ts';

export interface OperatorDeps
  extends AccountDeps,
    TroubleDeps,
    AudienceDeps,
    DefinitionDeps,
    DispatchDeps,
    PeopleDeps,
    SettingsDeps,
    Pick<SignInDeps, 'openId'>,
    Omit<LiveDeps, 'troublesOf'> {
  /** The endpoints of the public API, some of which operators have, too. */
  publicRoutes: readonly Route[];
}

/** Every endpoint for operators. A new folder is added here, and to operations.ts. */
export function operatorRoutes(deps: OperatorDeps): OperatorRoute[] {
  const troublesOf = createTroubleList(deps);
  return [
    ...signInRoutes({ ...deps, attempts: new Attempts() }),
    ...accountRoutes(deps),
    ...homeRoutes({ ...deps, troublesOf }),
    liveRoute({ ...deps, troublesOf }),
    ...findRoutes(deps),
    ...composeRoutes(deps),
    ...audienceBuilderRoutes(deps),
    ...segmentRoutes(deps),
    ...definitionRoutes(deps),
    ...operatorCampaignRoutes(deps),
    ...operatorDispatchRoutes(deps),
    ...peopleRoutes(deps),
    ...outboxRoutes(deps),
    ...requestLogRoutes(deps),
    ...settingsRoutes(deps),
    ...keyRoutes(deps),
    ...viewRoutes(deps),
    ...mirroredRoutes(deps.publicRoutes, deps),
  ];
}
