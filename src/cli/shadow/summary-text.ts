import { counted } from '../../lib/counted.ts';
import { notComparedReasons, type Summary } from '../../shadow/summary.ts';
import { table } from '../terminal.ts';

/** The summary for people. */
export function summaryText({ passed, alike, different, differences, not_compared: left, unwritten }: Summary): string {
  const lines = [`${counted(passed, 'request')} passed on: ${alike} alike, ${different} with differences.`];
  const rows = Object.entries(differences).flatMap(([endpoint, kinds]) =>
    Object.entries(kinds).map(([kind, count]) => [endpoint, kind, String(count)]),
  );
  if (rows.length > 0) lines.push('', table(['ENDPOINT', 'DIFFERENCE', 'REQUESTS'], rows));
  const reasons = Object.entries(left).map(([reason, count]) => [
    ...[reason, String(count), notComparedReasons[reason as keyof typeof left]],
  ]);
  if (reasons.length > 0) lines.push('', table(['NOT COMPARED', 'REQUESTS', 'BECAUSE'], reasons));
  if (unwritten > 0) lines.push('', `${counted(unwritten, 'line')} could not be written to the report.`);
  return lines.join('\n');
}
