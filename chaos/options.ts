import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import type { WorldOptions } from './world.ts';

const scenarioNames = ['kills', 'freeze', 'outage', 'pause'] as const;

export interface ChaosOptions extends WorldOptions {
  scenario: (typeof scenarioNames)[number];
  kills: number;
  json: boolean;
  save: boolean;
}

/** Ends the process after `--help`, and, with what was wrong, for what it does not know. */
export function readOptions(args: readonly string[]): ChaosOptions {
  const program = new Command('npm run chaos --')
    .description('breaks a running Cresset by a plan that follows from a seed, and checks that the books balance')
    .addArgument(new Argument('[scenario]', 'what happens').choices(scenarioNames).default('kills'))
    .option('--seed <number>', 'what the plan follows from', wholeNumber(0, 2 ** 31 - 1), 1)
    .option('--people <number>', 'who the broadcast goes to', wholeNumber(100, 10_000_000), 100_000)
    .option('--kills <number>', 'processes that are ended (kills)', wholeNumber(0, 10_000), 20)
    .addOption(new Option('--channel <channel>', 'what is sent').choices(['push', 'email', 'both']).default('both'))
    .addOption(
      new Option('--delivery <mode>', 'what happens to the ambiguous')
        .choices(['at_least_once', 'at_most_once'])
        .default('at_least_once'),
    )
    .option('--json', 'the report as JSON', false)
    .option('--save', 'write the report into docs/chaos.md', false)
    .addHelpText('after', help)
    .allowExcessArguments(false)
    .parse(args, { from: 'user' });
  return { scenario: program.processedArgs[0], ...program.opts<Omit<ChaosOptions, 'scenario'>>() };
}

function wholeNumber(least: number, most: number) {
  return (text: string): number => {
    const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`expected a whole number from ${least} to ${most}`);
  };
}

const help = `
Scenarios:
  kills   workers, the API and PostgreSQL end at random moments, connections break, providers fail
  freeze  a worker stops for so long that another takes over, and then goes on
  outage  PostgreSQL is away for 20 seconds in the middle
  pause   paused at 30 %, everything restarted, resumed, cancelled at 60 %

Everything runs on this machine: PostgreSQL, one API, two workers, the push simulator, a mail server. Exits with 1 when
the books do not balance. The guarantee that is checked: docs/trust.md.`;
