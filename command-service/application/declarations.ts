import { isAccountCode, isAccountId, type AccountDefinition } from '../../shared/ledger/account.js';
import type { Day } from '../../shared/ledger/day.js';
import { accountDecider, accountExists, sameDefinition } from '../domain/account.js';
import { refuse } from '../domain/refusal.js';
import type { AccountPorts } from './account-queue.js';
import { accountStream } from './account-states.js';
import { handle } from './handle.js';
import type { Answer, CommandContext, Declared } from './ledger.js';
import { newEvent } from './record.js';

/** Adds a code to the chart. The same definition again answers as the first time. */
export async function declareAccount(
  ports: AccountPorts,
  asked: AccountDefinition,
  context: CommandContext,
  effectiveDate: Day,
): Promise<Answer<Declared>> {
  const { code } = asked;
  if (!isAccountCode(code) || !isAccountId(code)) {
    const reason = 'a code is one segment of letters, digits, dots, underscores and hyphens';
    return {
      kind: 'refused',
      refusal: refuse('ACCOUNT_MALFORMED', reason, { field: 'code', value: code, reason }),
    };
  }
  const { states, follower, ids } = ports;
  const definition = { ...asked, currencies: [...new Set(asked.currencies)].sort() };
  const known = follower.knowledge.declared(code);
  if (known !== undefined) return again(known, definition);

  const decider = accountDecider(code);
  const facts = { definition, now: ports.clock(), elsewhere: () => 0n };
  const handled = await handle<Parameters<typeof decider.decide>[1], Answer<Declared>>(
    {
      stream: accountStream(code),
      read: () => states.read(code),
      refresh: (folded) => states.refresh(code, folded),
    },
    async (folded) => {
      const decision = decider.decide({ type: 'declare', definition }, folded.state, facts);
      switch (decision.kind) {
        case 'refused':
          return { kind: 'answer', outcome: decision };
        case 'repeated': {
          // Declared a moment ago, by another process: it tells its position once it is known here.
          await follower.catchUp();
          const declared = follower.knowledge.declared(code);
          if (declared === undefined) throw new Error(`the declaration of ${code} is not found`);
          return { kind: 'answer', outcome: again(declared, definition) };
        }
        case 'accepted': {
          const origin = { commandId: `declare:${code}`, context, effectiveDate };
          return {
            kind: 'append',
            events: decision.events.map((event) => newEvent(event, origin, ids)),
            appended: ({ position }) => {
              follower.knowledge.learn(definition, position);
              return { kind: 'done', value: { definition, position }, replayed: false };
            },
          };
        }
      }
    },
    ports,
  );
  if (handled.kind === 'handled') return handled.outcome;
  return { kind: 'refused', refusal: refuse('CONTENTION', `${code} is being declared by others`) };
}

function again({ definition, position }: Declared, asked: AccountDefinition): Answer<Declared> {
  return sameDefinition(definition, asked)
    ? { kind: 'done', value: { definition, position }, replayed: true }
    : { kind: 'refused', refusal: accountExists(definition) };
}
