import type { Step } from './asking.js';
import { BATCH_STEPS, HOLD_STEPS, REVERSAL_STEPS } from './batch-steps.js';
import { ENTRY_STEPS } from './entry-steps.js';

/** Every command of the ledger, with every refusal that can be had by asking. */
export const LEDGER_STEPS: readonly Step[] = [
  ...ENTRY_STEPS,
  ...BATCH_STEPS,
  ...HOLD_STEPS,
  ...REVERSAL_STEPS,
];
