import type { ReactNode } from 'react';
import { useTroubles } from '../pages/home/troubles.ts';
import { Icon } from '../parts/icon.tsx';

/** What stands beside an entry, by its path: a number only where it asks for attention. */
export function useBadges(): Readonly<Record<string, ReactNode>> {
  const { data } = useTroubles();
  const red = data?.troubles.filter(({ severity }) => severity === 'red').length ?? 0;
  if (red === 0) return {};
  return {
    '/': (
      <span className="end v v-failed">
        <Icon name="failed" />
        {red}
        <span className="sr"> wrong</span>
      </span>
    ),
  };
}
