import { remarkMembers, type SendRemarks } from '../../../dispatch/plan/remarks.ts';

/** The answer to an accepted request. Its members are in the order of the original's, then ours. */
export function successAnswer(dispatchId: string, sendId: string | null, remarks: SendRemarks): object {
  if (sendId === null && remarks.minors.length === 0 && remarks.warnings.length === 0)
    return { dispatch_id: dispatchId, message: 'success' };
  return {
    dispatch_id: dispatchId,
    ...(sendId !== null && { send_id: sendId }),
    message: 'success',
    ...remarkMembers(remarks),
  };
}
