import { count as say } from '../../lib/say.ts';
import type { PartCount } from './counts.ts';

/** How many fit a filter alone, and how many would fit without it. */
export function Numbers({ count }: { count: PartCount | undefined }) {
  return (
    <>
      <span className={count?.alone === 0 ? 'n zero' : 'n'} data-l="alone">
        {count === undefined ? '–' : say(count.alone)}
      </span>
      <span className={count?.without === 0 ? 'n zero' : 'n'} data-l="without it">
        {count === undefined ? '–' : say(count.without)}
      </span>
    </>
  );
}
