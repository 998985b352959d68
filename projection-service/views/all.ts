import type { View } from '../view.js';
import { accountsView } from './accounts.js';
import { journalView } from './journal.js';
import { paymentsView } from './payments.js';
import { tracesView } from './traces.js';

/**
 * Every view there is.
 * @param zone IANA name of the zone in which accounting days begin and end
 */
export function allViews(zone: string): readonly View[] {
  return [journalView(zone), accountsView, tracesView, paymentsView(zone)];
}
