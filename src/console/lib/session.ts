import { useQuery } from '@tanstack/react-query';
import { useSyncExternalStore } from 'react';
import { read, whenSignedOut } from './api.ts';

export const roles = ['viewer', 'sender', 'admin'] as const;
export type Role = (typeof roles)[number];

export interface Me {
  operator: { name: string; role: Role };
  /** Name of the workspace of this page. */
  workspace: string;
  workspace_id: number;
  /** Those that the operator may enter. */
  workspaces: { workspace_id: number; name: string }[];
  may_manage_operators: boolean;
  version: string;
  public_url: string;
}

/** Who is signed in. */
export function useMe() {
  return useQuery({ queryKey: ['me'], queryFn: ({ signal }) => read<Me>('me', signal), staleTime: 60_000 });
}

/** Whether the operator may do what needs this role. */
export function useMay(needed: Role): boolean {
  const { data } = useMe();
  return data !== undefined && roles.indexOf(data.operator.role) >= roles.indexOf(needed);
}

let isSignedOut = false;
const listeners = new Set<() => void>();

/** Whether the last answer said that nobody is signed in. */
export function useSignedOut(): boolean {
  return useSyncExternalStore(subscribe, () => isSignedOut);
}

export function setSignedOut(value: boolean): void {
  isSignedOut = value;
  for (const listener of listeners) listener();
}

whenSignedOut(() => setSignedOut(true));

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
