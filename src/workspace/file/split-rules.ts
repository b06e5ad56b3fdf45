import { keyOfVariation } from '../../channels/index.ts';
import type { WorkspaceFile } from './file-shape.ts';

type Campaign = WorkspaceFile['campaigns'][number];

/** What contradicts itself in how a campaign divides its people among variations and a control group. */
export function splitProblems(campaign: Campaign, at: number): string[] {
  const path = `campaigns[${at}]`;
  const { kind, control_share: control, variations } = campaign;
  const halves = variations.flatMap(({ weight, message }, index) =>
    (weight === null) === (message === null)
      ? []
      : [`${path}.variations[${index}].${weight === null ? 'weight' : 'message'}: is required beside the other one`],
  );
  if (halves.length > 0) return halves;
  const weighted = variations.filter(({ weight }) => weight !== null);
  if (kind === 'api') {
    const given = [...(weighted.length > 0 ? ['variations'] : []), ...(control > 0 ? ['control_share'] : [])];
    return given.map((member) =>
      member === 'variations'
        ? `${path}.variations: weights do not fit a campaign of kind api, whose requests bring the messages`
        : `${path}.control_share: does not fit a campaign of kind api`,
    );
  }
  // A receipt that nobody gets is a fault, whatever it would teach.
  if (kind === 'transactional' && control > 0)
    return [`${path}.control_share: does not fit a campaign of kind transactional`];
  return [...Map.groupBy(weighted, ({ channel }) => channel)].flatMap(([channel, ones]) =>
    problemsOfChannel(campaign, path, channel, ones),
  );
}

function problemsOfChannel(
  { control_share: control, messages }: Campaign,
  path: string,
  channel: Campaign['variations'][number]['channel'],
  ones: Campaign['variations'],
): string[] {
  const sum = ones.reduce((total, { weight }) => total + (weight ?? 0), control);
  const key = keyOfVariation(channel);
  const beside = control > 0 ? `and control_share make ${sum}` : `make ${sum}`;
  return [
    ...(sum === 100 ? [] : [`${path}.variations: the weights of ${channel} ${beside}; expected 100`]),
    ...(messages !== null && Object.hasOwn(messages, key)
      ? [`${path}.messages.${key}: expected none, because variations of ${channel} have weights`]
      : []),
  ];
}
