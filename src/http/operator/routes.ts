import { Attempts } from '../../operators/attempts.ts';
import type { Route } from '../route.ts';
import { type AccountDeps, accountRoutes } from './account/route.ts';
import { type SignInDeps, signInRoutes } from './account/sign-in-route.ts';
import { composeRoutes } from './compose/route.ts';
import { type DispatchDeps, operatorDispatchRoutes } from './dispatches/route.ts';
import { findRoutes } from './find/route.ts';
import { type HomeDeps, homeRoutes } from './home/route.ts';
import { mirroredRoutes } from './mirrored.ts';
import { outboxRoutes } from './outbox/route.ts';
import { type PeopleDeps, peopleRoutes } from './people/route.ts';
import { requestLogRoutes } from './requests/route.ts';
import type { OperatorRoute } from './route.ts';

export interface OperatorDeps extends AccountDeps, HomeDeps, DispatchDeps, PeopleDeps, Pick<SignInDeps, 'openId'> {
  /** The endpoints of the public API, some of which operators have, too. */
  publicRoutes: readonly Route[];
}

/** Every endpoint for operators. A new folder is added here, and to operations.ts. */
export function operatorRoutes(deps: OperatorDeps): OperatorRoute[] {
  return [
    ...signInRoutes({ ...deps, attempts: new Attempts() }),
    ...accountRoutes(deps),
    ...homeRoutes(deps),
    ...findRoutes(deps),
    ...composeRoutes(deps),
    ...operatorDispatchRoutes(deps),
    ...peopleRoutes(deps),
    ...outboxRoutes(deps),
    ...requestLogRoutes(deps),
    ...mirroredRoutes(deps.publicRoutes, deps),
  ];
}
