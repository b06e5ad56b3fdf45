import type { Acceptance } from '../../../dispatch/accept/accept.ts';
import { applyRecipientAttributes } from '../../../dispatch/accept/triggers/attributes.ts';
import type { CheckedTrigger } from '../../../dispatch/accept/triggers/check.ts';
import type { SendRemarks } from '../../../dispatch/plan/remarks.ts';
import { loadedWorkspace } from '../../loaded-workspace.ts';
import type { RouteRequest } from '../../route.ts';
import { acceptSend, type SendDeps } from '../accept-send.ts';
import { withHeaderRemarks } from '../header-slips.ts';
import { successAnswer } from '../messages-send/answer.ts';

export interface Accepting {
  checked: CheckedTrigger;
  path: string;
  idempotency: Acceptance['idempotency'];
  /** The member of the body that does what the header `Idempotency-Key` does. Absent: the header does. */
  instead?: string;
  /** Default: the answer of /messages/send. */
  answerOf?: (dispatchId: string, remarks: SendRemarks) => object;
}

/** Stores the recipients' attributes, and then the send. */
export async function acceptTrigger(
  deps: SendDeps,
  request: RouteRequest,
  { checked, path, idempotency, instead, answerOf }: Accepting,
): Promise<object> {
  const { plan, content, dryRun, attributes } = checked;
  const workspace = loadedWorkspace(deps.catalog(), request.workspaceId);
  let remarks = withHeaderRemarks(checked.remarks, request, instead);
  return acceptSend(deps, request, {
    path,
    plan,
    content,
    dryRun,
    remarks,
    sendIdIsNew: false,
    idempotency,
    answerOf: (dispatchId) => (answerOf ?? defaultAnswer)(dispatchId, remarks),
    ...(attributes.length > 0 && {
      async prepare() {
        const late = await applyRecipientAttributes(deps.db, attributes, {
          workspace,
          source: { door: 'api', key: request.apiKey.name },
          now: deps.clock.now(),
        });
        remarks = { ...remarks, warnings: [...remarks.warnings, ...late] };
      },
    }),
  });
}

/** The recorded answer has no send id. */
function defaultAnswer(dispatchId: string, remarks: SendRemarks): object {
  return successAnswer(dispatchId, null, remarks);
}
