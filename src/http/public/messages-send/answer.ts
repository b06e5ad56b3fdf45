/** The answer to an accepted request. Its members are in the order of the original's. */
export function successAnswer(dispatchId: string, sendId: string | null, minors: readonly string[]): object {
  return {
    dispatch_id: dispatchId,
    ...(sendId !== null && { send_id: sendId }),
    message: 'success',
    ...(minors.length > 0 && { errors: minors }),
  };
}
