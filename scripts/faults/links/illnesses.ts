import type { Random } from '../../bench/random.js';
import type { ProxyToxics } from '../../../shared/testing/tcp-proxy/tcp-proxy.js';
import type { Toxics } from '../../../shared/testing/tcp-proxy/toxics.js';

/** What a link can suffer from; all but `down` in one direction. */
const ILLNESSES: Readonly<Record<string, Toxics | 'down'>> = {
  latency: { latency: { ms: 80, jitterMs: 60 } },
  bandwidth: { bandwidth: { bytesPerSecond: 20_000 } },
  slicer: { slicer: { averageBytes: 150, variationBytes: 140, pauseMs: 1 } },
  'time-out': { timeout: {} },
  'time-out and close': { timeout: { closeAfterMs: 120 } },
  reset: { resetPeer: { afterMs: 20 } },
  limit: { limitData: { bytes: 2_500 } },
  down: 'down',
};

export type Illness = Readonly<{ name: string; toxics: ProxyToxics }>;

/** Every illness once, each in a direction that chance picks, in an order that it picks too. */
export function illnesses(random: Random): readonly Illness[] {
  const all = Object.entries(ILLNESSES).map(([name, toxics]): Illness => {
    if (toxics === 'down') return { name, toxics: { down: true } };
    const direction = random.pick(['upstream', 'downstream'] as const);
    return { name: `${name} ${direction}`, toxics: { [direction]: toxics } };
  });
  const shuffled: Illness[] = [];
  while (all.length > 0) shuffled.push(...all.splice(random.below(all.length), 1));
  return shuffled;
}
