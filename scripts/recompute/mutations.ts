/** A way to falsify a journal, which every program has to notice. */
export type Mutation = Readonly<{ name: string; apply: (journal: string) => string }>;

const LEG = /^( +)([A-Z][^ ]*)( {2})(-?\d+\.\d\d)( CZK)$/;

/** The place of the second leg of a transaction in the middle of the journal. */
function middleLeg(lines: readonly string[]): number {
  for (let at = Math.floor(lines.length / 2); at < lines.length; at++) {
    if (LEG.test(lines[at] ?? '') && LEG.test(lines[at - 1] ?? '')) return at;
  }
  throw new Error('the journal has no transaction to falsify');
}

function moved(line: string | undefined, cents: number): string {
  const [, space = '', account = '', gap = '', amount = '', rest = ''] = LEG.exec(line ?? '') ?? [];
  const units = BigInt(amount.replace('.', '')) + BigInt(cents);
  const digits = (units < 0n ? -units : units).toString().padStart(3, '0');
  const sign = units < 0n ? '-' : '';
  return `${space}${account}${gap}${sign}${digits.slice(0, -2)}.${digits.slice(-2)}${rest}`;
}

function change(edit: (lines: string[], at: number) => void): (journal: string) => string {
  return (journal) => {
    const lines = journal.split('\n');
    edit(lines, middleLeg(lines));
    return lines.join('\n');
  };
}

/** What the references call for: a cent, a leg, and money that went to another account. */
export const MUTATIONS: readonly Mutation[] = [
  {
    name: 'one cent more on one leg',
    apply: change((lines, at) => {
      lines[at] = moved(lines[at], 1);
    }),
  },
  { name: 'a leg dropped', apply: change((lines, at) => void lines.splice(at, 1)) },
  {
    name: 'one cent more on both legs',
    apply: change((lines, at) => {
      lines[at] = moved(lines[at], -1);
      lines[at - 1] = moved(lines[at - 1], 1);
    }),
  },
  {
    name: '0.10 shifted between two accounts',
    apply: change((lines, at) => {
      lines[at] = moved(lines[at], -10);
      lines[at - 1] = moved(lines[at - 1], 10);
    }),
  },
  {
    name: 'a transaction dropped',
    apply: change((lines, at) => {
      const head = lines.lastIndexOf('', at) + 1;
      lines.splice(head, lines.indexOf('', at) - head);
    }),
  },
  {
    name: 'a transaction twice',
    apply: change((lines, at) => {
      const head = lines.lastIndexOf('', at) + 1;
      lines.splice(head, 0, ...lines.slice(head, lines.indexOf('', at) + 1));
    }),
  },
];
