import { answering, answerTable } from '../src/simulate/answers.ts';
import {
  type ProviderRules,
  type Simulator,
  type SimulatorOptions,
  startSimulator,
} from '../src/simulate/simulator.ts';

const answer = (status: number) => ({ status, headers: [], body: '' });

/** Somebody's server that webhooks call: each path is a target, and all faults of networks can be asked for. */
const rules: ProviderRules<null> = {
  answers: answerTable({ refused: answering(answer(400)), gone: answering(answer(410)), busy: answering(answer(429)) }),
  deadAnswer: 'gone',
  wire: { protocols: ['http/1.1'], maxBodyBytes: 1_048_576, maxStreams: 1, goAwayText: '' },
  judge: ({ path }) => ({ kind: 'message', target: path.slice(1), message: null }),
  accept: () => answer(200),
};

export function startWebhookStandIn(options: SimulatorOptions = {}): Promise<Simulator<null>> {
  return startSimulator(() => rules, options);
}
