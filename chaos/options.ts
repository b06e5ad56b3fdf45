import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { channelChoices } from './plan.ts';
import type { WorldOptions } from './world.ts';

const scenarioNames = ['kills', 'freeze', 'outage', 'pause'] as const;

export interface ChaosOptions extends WorldOptions {
  scenario: (typeof scenarioNames)[number];
  kills: number;
  json: boolean;
  save: boolean;
}

/** Reads the command line. Ends the process after `--help`, or with a message for an unknown option. */
export function readOptions(args: readonly string[]): ChaosOptions {
  const program = new Command('npm run chaos --')
    .description('break a running Cresset, following a plan drawn from a seed, and check that the books balance')
    .addArgument(new Argument('[scenario]', 'what happens').choices(scenarioNames).default('kills'))
    .option('--seed <number>', 'seed of the plan', wholeNumber(0, 2 ** 31 - 1), 1)
    .option('--people <number>', 'size of the audience', wholeNumber(100, 10_000_000), 100_000)
    .option('--kills <number>', 'number of kills (scenario kills)', wholeNumber(0, 10_000), 20)
    .addOption(new Option('--channel <channel>', 'what is sent').choices(channelChoices).default('both'))
    .addOption(
      new Option('--delivery <mode>', 'what happens to messages in doubt')
        .choices(['at_least_once', 'at_most_once'])
        .default('at_least_once'),
    )
    .option('--json', 'print the report as JSON', false)
    .option('--save', 'put the run into the table of docs/chaos.md', false)
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
  kills   workers, the API and PostgreSQL are killed at random moments, connections break, providers fail
  freeze  a worker is frozen until another takes over its tasks, and then continues
  outage  PostgreSQL is away for 20 seconds in the middle
  pause   the broadcast is paused at 30 %, everything is restarted, it is resumed, and cancelled at 60 %

Everything runs on this machine: PostgreSQL, one API, two workers, the simulators of providers and a mail server. Exits with 1 if
the books do not balance. docs/trust.md describes the guarantee that is checked.`;
