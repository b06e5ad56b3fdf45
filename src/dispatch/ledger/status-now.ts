import { type Sql, sql } from '../../db/sql.ts';
import { type DispatchState, dispatchStates, isGivenUp } from '../plan/states.ts';

/** Fragment: the status to show of a send. A pending send of a dispatch that was given up counts as cancelled, or as sent if a device has it. */
export function statusNow(state: DispatchState): Sql {
  return isGivenUp(state) ? stoppedStatus : sql`status`;
}

export function reasonNow(state: DispatchState): Sql {
  return isGivenUp(state) ? stoppedReason : sql`reason`;
}

const stoppedStatus = sql`case status when 'pending' then stopped_status(devices, 'cancelled') else status end`;
const stoppedReason = sql`
  case status when 'pending' then nullif(stopped_status(devices, 'cancelled')::text, 'sent') else reason end`;

/** The same for sends of several dispatches. `state`: the column with the state of each. */
export function statusIn(state: Sql): Sql {
  return sql`case when ${isStopped(state)} then ${stoppedStatus} else status end`;
}

export function reasonIn(state: Sql): Sql {
  return sql`case when ${isStopped(state)} then ${stoppedReason} else reason end`;
}

function isStopped(state: Sql): Sql {
  return sql`${state} = any(${dispatchStates.filter(isGivenUp)}::text[])`;
}
