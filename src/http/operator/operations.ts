import type { Operation, Operations } from '../openapi/operation.ts';
import { operations as ofPublic } from '../public/operations.ts';
import { operations as account } from './account/operations.ts';
import { operations as audience } from './audience/operations.ts';
import { operations as campaigns } from './campaigns/operations.ts';
import { operations as compose } from './compose/operations.ts';
import { operations as definitions } from './definitions/operations.ts';
import { operations as dispatches } from './dispatches/operations.ts';
import { operations as find } from './find/operations.ts';
import { operations as home } from './home/operations.ts';
import { operations as keys } from './keys/operations.ts';
import { operations as live } from './live/operations.ts';
import { mirrored, PREFIX } from './mirrored.ts';
import { operations as outbox } from './outbox/operations.ts';
import { operations as people } from './people/operations.ts';
import { operations as requests } from './requests/operations.ts';
import { operations as settings } from './settings/operations.ts';
import { operations as views } from './views/operations.ts';

/** What every endpoint for operators says of itself, by method and path. A new folder is added here. */
export const operatorOperations: Operations = {
  ...{
    ...account,
    ...home,
    ...live,
    ...find,
    ...compose,
    ...audience,
    ...definitions,
    ...campaigns,
    ...dispatches,
    ...people,
    ...outbox,
    ...requests,
    ...settings,
    ...keys,
    ...views,
  },
  ...ofMirrored(),
};

function ofMirrored(): Operations {
  return Object.fromEntries(
    Object.keys(mirrored).flatMap((name) => {
      const operation = ofPublic[name];
      if (operation === undefined) return [];
      const [method, path] = name.split(' ');
      return [[`${method} ${PREFIX}${path}`, forOperators(operation, name)]];
    }),
  );
}

function forOperators(operation: Operation, name: string): Operation {
  return { ...operation, tag: 'Console', description: `As \`${name}\`, for operators.` };
}
