/** What a caller gets of an accepted send. Member order as clients of the original see it. */
export function successAnswer(dispatchId: string, sendId: string | null, minors: readonly string[]): object {
  return {
    dispatch_id: dispatchId,
    ...(sendId !== null && { send_id: sendId }),
    message: 'success',
    ...(minors.length > 0 && { errors: minors }),
  };
}
