/** The schema of `share`: how several instances share the clusters. */

import { z } from 'zod';
import { didYouMean } from '../suggest.ts';
import type { ConfigIssue } from './config-error.ts';
import { instanceForm } from './fields.ts';
import { valueAt } from './raw.ts';
import { numberedInstances, ordinalOf, type Share } from './share.ts';

/** Each cluster's weights are compared: more instances would make the start slow. */
const mostInstances = 256;

const count = z.int().min(1).max(mostInstances);
const names = z
  .array(
    z.string().regex(instanceForm, {
      error:
        '{value} cannot be the name of an instance; use 1 to 63 letters, digits, ".", "_", "-", "@", "/" and "+"',
    }),
  )
  .min(1)
  .max(mostInstances);

export const shareSchema = z
  .strictObject({
    instances: z
      .union(
        [
          names,
          count,
          // From a variable.
          z
            .string()
            .regex(/^\d{1,3}$/, {
              error:
                '{value} is not a number; write a list of names, or how many instances a StatefulSet has',
            })
            .transform(Number)
            .pipe(count),
        ],
        {
          error: `must be a list of names, or the number of instances of a StatefulSet (1 to ${mostInstances}); write for example [watcher-1, watcher-2, watcher-3]`,
        },
      )
      .meta({
        description:
          'All instances, with the same list in each; or how many, if the platform numbers them: source-dns-0, source-dns-1 and so on',
        examples: [['watcher-1', 'watcher-2', 'watcher-3']],
      }),
    watchers: z
      .int()
      .min(1)
      .max(mostInstances)
      .default(2)
      .meta({ description: 'How many of the instances watch each cluster' }),
  })
  .meta({
    description: 'Several instances share the clusters. Absent: this instance watches all of them',
    examples: [{ instances: ['watcher-1', 'watcher-2', 'watcher-3'], watchers: 2 }],
  });

export type ShareFile = z.output<typeof shareSchema>;

/** `instance`: this one, which is sound (`shareIssues`). */
export const shareOf = ({ instances, watchers }: ShareFile, instance: string): Share => ({
  instances: typeof instances === 'number' ? numberedInstances(instances, instance) : instances,
  watchers,
});

const fail = (message: string, ...at: (string | number)[]): ConfigIssue => ({
  path: ['share', ...at],
  message,
});

/** What the schema cannot see: whether this instance is one of them, and whether they are enough. */
export function shareIssues(raw: unknown, hostName: string): readonly ConfigIssue[] {
  const { data } = shareSchema.safeParse(valueAt(raw, ['share']));
  if (data === undefined) return [];
  const configured = valueAt(raw, ['instance']);
  const instance = typeof configured === 'string' ? configured : hostName;
  const { instances, watchers } = data;
  const size = typeof instances === 'number' ? instances : instances.length;
  return [
    ...(typeof instances === 'number' ? numberIssues(instance, instances) : nameIssues(instance, instances)),
    ...(watchers > size
      ? [
          fail(
            `each cluster would need ${watchers} watchers, but there ${size === 1 ? 'is 1 instance' : `are ${size} instances`}; write at most ${size}`,
            'watchers',
          ),
        ]
      : []),
  ];
}

function nameIssues(instance: string, instances: readonly string[]): readonly ConfigIssue[] {
  const twice = instances.flatMap((name, index) =>
    instances.indexOf(name) < index ? [fail('{value} is listed twice; remove one', 'instances', index)] : [],
  );
  if (instances.includes(instance)) return twice;
  const near = didYouMean(instance, instances) || `; add it, or set "instance:" to a name of the list`;
  return [...twice, fail(`this instance, "${instance}", is not in the list${near}`, 'instances')];
}

function numberIssues(instance: string, size: number): readonly ConfigIssue[] {
  const ordinal = ordinalOf(instance);
  if (ordinal === undefined)
    return [
      fail(
        `the name of this instance, "${instance}", has no number at its end, as source-dns-0 has; write the names of all instances`,
        'instances',
      ),
    ];
  return ordinal < size
    ? []
    : [
        fail(
          `this instance, "${instance}", has the number ${ordinal}, but ${size === 1 ? '1 instance has the number 0' : `${size} instances have the numbers 0 to ${size - 1}`}; write how many there are, or the names of all instances`,
          'instances',
        ),
      ];
}
