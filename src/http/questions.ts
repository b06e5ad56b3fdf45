import { RequestError } from '../errors.ts';
import { Room, RoomFull } from '../lib/limits/room.ts';

/**
 * Most questions (previews, explanations, dry runs) of all workspaces at once, and of one. Each keeps a database
 * connection and a processor of the database busy for seconds. A thread has 20 connections.
 */
const BOUNDS = { most: 4, mostOfOwner: 2, mostWaiting: 60, mostWaitingOfOwner: 20 };
const RETRY_AFTER_S = 5;

/** Answers a question of a workspace when it has its turn. Throws RequestError `rate_limited` if too many wait. */
export type Questions = <T>(workspaceId: number, answer: () => Promise<T>) => Promise<T>;

/** Gives questions about people a small share of the server, so that sends and health checks go on meanwhile. */
export function createQuestions(): Questions {
  const room = new Room(BOUNDS);
  return async (workspaceId, answer) => {
    try {
      return await room.run(workspaceId, answer);
    } catch (error) {
      if (!(error instanceof RoomFull)) throw error;
      const problem = 'too many previews, explanations and dry runs wait for their turn';
      throw new RequestError('rate_limited', [problem], RETRY_AFTER_S);
    }
  };
}
