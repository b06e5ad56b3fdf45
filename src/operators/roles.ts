/** What an operator may do, each more than the one before: read; also send and stop sends; also define. */
export const operatorRoles = ['viewer', 'sender', 'admin'] as const;
export type OperatorRole = (typeof operatorRoles)[number];

export function mayAct(role: OperatorRole, needed: OperatorRole): boolean {
  return operatorRoles.indexOf(role) >= operatorRoles.indexOf(needed);
}
