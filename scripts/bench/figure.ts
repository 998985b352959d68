export type Unit = '/s' | 'ms' | 'µs' | 'B' | 'MB' | '%' | 's';

/** What a value was hoped to be. */
export type Aim = Readonly<{ atLeast: number } | { atMost: number }>;

/** One number, with what it was hoped to be. */
export type Figure = Readonly<{
  name: string;
  value: number;
  unit: Unit;
  aim?: Aim;
}>;

/** A value with its unit, in as many digits as mean something. */
export function amount({ value, unit }: Pick<Figure, 'value' | 'unit'>): string {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  const number = value >= 100 ? grouped(Math.round(value)) : value.toFixed(digits);
  return unit === '/s' ? `${number}/s` : `${number} ${unit}`;
}

/** The aim as a text; empty where there is none. */
export function aimOf({ aim, unit }: Pick<Figure, 'aim' | 'unit'>): string {
  if (aim === undefined) return '';
  const [sign, value] = 'atLeast' in aim ? ['≥', aim.atLeast] : ['≤', aim.atMost];
  return unit === '/s' ? `${sign} ${grouped(value)}/s` : `${sign} ${grouped(value)} ${unit}`;
}

/** Whether the aim was met; empty where there is none. */
export function verdict({ aim, value }: Pick<Figure, 'aim' | 'value'>): string {
  if (aim === undefined) return '';
  const met = 'atLeast' in aim ? value >= aim.atLeast : value <= aim.atMost;
  return met ? 'met' : 'missed';
}

export function grouped(value: number): string {
  return value.toLocaleString('en-US');
}
