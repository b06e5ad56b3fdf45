import { userInfo } from 'node:os';

/** Who runs a command, for the record. `command`: such as `cresset apply`. */
export function callerOf(command: string): string {
  try {
    return `${command} by ${userInfo().username}`;
  } catch {
    return command; // The user of a container may have no name.
  }
}
