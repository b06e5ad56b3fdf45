import type { AuditRecord } from '../../../operators/audit.ts';
import type { ListedOperator, Operator } from '../../../operators/operators.ts';
import type { ListedSession } from '../../../operators/sessions.ts';
import type { ListedWorkspace } from '../../../workspace/workspaces.ts';

export function describeOperator({ name, role }: Operator): object {
  return { name, role };
}

export function describeListed(operator: ListedOperator): object {
  const { name, role, workspaces, createdAt, createdBy, email, lastSeenAt } = operator;
  return { name, role, workspaces, created_at: createdAt, created_by: createdBy, email, last_seen_at: lastSeenAt };
}

/** A workspace that the operator may enter. */
export function describeEntry({ id, name }: Pick<ListedWorkspace, 'id' | 'name'>): object {
  return { workspace_id: id, name };
}

/** `own`: the session of the caller. */
export function describeSession(
  { id, operator, beganAt, seenAt, address, userAgent }: ListedSession,
  own: string,
): object {
  return {
    session_id: id,
    operator,
    began_at: beganAt,
    seen_at: seenAt,
    address,
    user_agent: userAgent,
    is_own: id === own,
  };
}

export function describeChange({ id, at, operator, action, subject, before, after, address }: AuditRecord): object {
  return { id, at, operator, action, subject, before, after, address };
}
