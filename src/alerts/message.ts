import type { Said, Telling } from './step.ts';

export type TargetName = 'webhook' | 'mail';

/** What a webhook gets, and of which a mail is made. `text`: one line, which chat services show. */
export interface AlertBody {
  type: 'alert.began' | 'alert.over';
  timestamp: string;
  text: string;
  data: Said & {
    alert_id: string;
    /** null: it is about the server, not a workspace. */
    workspace: string | null;
    /** The home of the console. */
    console: string;
  };
}

export interface AlertMessage {
  /** Names the message, the same on every attempt. */
  id: string;
  target: TargetName;
  body: AlertBody;
}

/** `home`: URL of the console's home, of the workspace. */
export function bodyOf(
  { alertId, kind, said }: Telling,
  { now, workspace, home }: { now: Date; workspace: string | null; home: string },
): AlertBody {
  const [line = ''] = said.detail.split('\n');
  return {
    type: `alert.${kind}`,
    timestamp: now.toISOString(),
    text: kind === 'began' ? `Cresset: ${said.title}. ${line}` : `Cresset: over: ${said.title}`,
    data: { alert_id: alertId, workspace, ...said, console: home },
  };
}

/** The lines of a mail. */
export function mailText({ type, timestamp, data }: AlertBody): string {
  const { title, detail, severity, since, workspace, console } = data;
  return [
    `${title}.`,
    '',
    detail,
    '',
    `Since: ${since}`,
    ...(type === 'alert.over' ? [`Over: ${timestamp}, or up to two minutes before`] : []),
    `Severity: ${severity === 'red' ? 'red: somebody does not get a message' : 'amber: nobody is kept from a message yet'}`,
    ...(workspace === null ? [] : [`Workspace: ${workspace}`]),
    '',
    console,
    '',
  ].join('\n');
}
