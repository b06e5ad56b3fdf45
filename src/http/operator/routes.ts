import { Attempts } from '../../operators/attempts.ts';
import type { Route } from '../route.ts';
import { type AccountDeps, accountRoutes } from './account/route.ts';
import { signInRoutes } from './account/sign-in-route.ts';
import { type HomeDeps, homeRoutes } from './home/route.ts';
import { mirroredRoutes } from './mirrored.ts';
import type { OperatorRoute } from './route.ts';

export interface OperatorDeps extends AccountDeps, HomeDeps {
  /** The endpoints of the public API, some of which operators have, too. */
  publicRoutes: readonly Route[];
}

/** Every endpoint for operators. A new folder is added here, and to operations.ts. */
export function operatorRoutes(deps: OperatorDeps): OperatorRoute[] {
  return [
    ...signInRoutes({ ...deps, attempts: new Attempts() }),
    ...accountRoutes(deps),
    ...homeRoutes(deps),
    ...mirroredRoutes(deps.publicRoutes, deps),
  ];
}
