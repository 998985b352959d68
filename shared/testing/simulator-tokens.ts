import type { GatewayContract } from './payment-gateway-contract.js';

/** How the contract of a payment gateway is put to the simulator. */
export const simulatorContract: GatewayContract = {
  capturesSeparately: true,
  tokens: {
    ok: 'tok_ok',
    declined: 'tok_declined',
    'done-unanswered': 'tok_timeout',
    'lost-unanswered': 'tok_timeout_lost',
    'done-reset': 'tok_reset',
    unavailable: 'tok_503',
    'done-garbled': 'tok_garbage',
    'refund-declined': 'tok_refund_fails',
  },
  currency: 'KRW',
};
