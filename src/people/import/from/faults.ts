import { ObjectProblem } from '../../../lib/raw/problems.ts';
import type { Entry, Shown } from '../entry.ts';

/** A record that is none. It is rejected with its line. */
abstract class Fault implements Entry {
  readonly line: number;
  readonly sizeBytes = 0;
  abstract readonly problem: string;

  constructor(line: number) {
    this.line = line;
  }

  read(): never {
    throw new ObjectProblem(this.problem);
  }

  shown(): Shown {
    return { record: null };
  }
}

/** The file ends within a JSON text. */
export class OpenEnd extends Fault {
  readonly problem = 'the JSON that is open here never ends: the file is cut off, or a bracket or quote is missing';
}

/** Something other than an object in a list of people. */
export class Stray extends Fault {
  readonly problem = 'expected an object';
}
