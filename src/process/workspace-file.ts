import { audienceChecks } from '../audience/grammar/check-filter.ts';
import type { Config } from '../config.ts';
import type { Database } from '../db/database.ts';
import { messageChecks } from '../dispatch/plan/campaign-content.ts';
import type { ApplyFileOptions } from '../workspace/file/apply-file.ts';
import type { Secret } from '../workspace/secrets.ts';
import { chooseWorkspace } from '../workspace/workspaces.ts';

/** What reading the workspace file of a server needs. `env`: the variables for `${env:…}`. */
export interface FileReading {
  db: Database;
  config: Pick<Config, 'workspaceName'>;
  path: string;
  env: Readonly<Record<string, string | undefined>>;
  secret: Secret;
}

/** How a server reads its workspace file, to apply it or to say what an apply would change. */
export function fileOptions({ db, config, path, env, secret }: FileReading): Omit<ApplyFileOptions, 'by' | 'dryRun'> {
  const choose = (nameInFile: string | null) => chooseWorkspace(db, config.workspaceName, nameInFile);
  return { choose, path, env, secret, ...audienceChecks, ...messageChecks };
}
