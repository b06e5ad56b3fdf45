import { useQuery } from '@tanstack/react-query';
import { read } from '../../lib/api.ts';
import { every } from '../../lib/live.ts';

export interface Trouble {
  severity: 'red' | 'amber';
  subject: { kind: string; id: string | null; name: string | null };
  title: string;
  detail: string;
  since: string | null;
  waiting: { dispatches: number; people: number } | null;
  next_try_at: string | null;
}

const EVERY_MS = 5_000;

export function useTroubles() {
  return useQuery({
    queryKey: ['troubles'],
    queryFn: ({ signal }) => read<{ troubles: Trouble[] }>('troubles', signal),
    refetchInterval: () => every(EVERY_MS),
  });
}
