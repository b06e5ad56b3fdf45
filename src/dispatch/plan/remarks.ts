/** Remarks on a request that is accepted. */
export interface SendRemarks {
  /** People and channels that were left out. */
  minors: readonly string[];
  /** Remarks that leave nobody out. */
  warnings: readonly string[];
}

/**
 * The members of an answer that hold the remarks; none that would be empty. Warnings have a member of our own, because
 * clients of the original send again when an answer holds `errors`. Source: send.md §11.
 */
export function remarkMembers({ minors, warnings }: SendRemarks): object {
  return { ...(minors.length > 0 && { errors: minors }), ...(warnings.length > 0 && { cresset: { warnings } }) };
}
