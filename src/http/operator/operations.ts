import type { Operation, Operations } from '../openapi/operation.ts';
import { operations as ofPublic } from '../public/operations.ts';
import { operations as account } from './account/operations.ts';
import { operations as home } from './home/operations.ts';
import { mirrored, PREFIX } from './mirrored.ts';

/** What every endpoint for operators says of itself, by method and path. A new folder is added here. */
export const operatorOperations: Operations = { ...account, ...home, ...ofMirrored() };

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
