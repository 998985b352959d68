/**
 * The currency table: ISO 4217 alphabetic codes and the number of decimal places of their minor
 * unit ("exponent"). Data, not code: adding a currency is a line here. Changing the exponent of a
 * currency that has been posted would change the meaning of every stored amount, so never do.
 *
 * Source: ISO 4217 list one (active codes), funds codes and precious metals left out.
 */
const TABLE: readonly (readonly [places: number, codes: string])[] = [
  [0, 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'],
  [
    2,
    'AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD ' +
      'CAD CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD ' +
      'GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD ' +
      'MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP ' +
      'PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS ' +
      'TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG',
  ],
  [3, 'BHD IQD JOD KWD LYD OMR TND'],
  [4, 'CLF UYW'],
];

const placesOf: ReadonlyMap<string, number> = new Map(
  TABLE.flatMap(([places, codes]) => codes.split(' ').map((code) => [code, places] as const)),
);

/** An ISO 4217 code that is in the table. */
export type Currency = string & { readonly __brand: 'Currency' };

/** Whether `code` is a currency of the table. */
export function isCurrency(code: string): code is Currency {
  return placesOf.has(code);
}

/** Decimal places of the minor unit: KRW 0, USD 2, KWD 3. */
export function exponent(currency: Currency): number {
  const places = placesOf.get(currency);
  if (places === undefined) throw new Error(`currency ${currency} is not in the table`);
  return places;
}

/** Every currency of the table, in order of exponent, then code. */
export const CURRENCIES: readonly Currency[] = [...placesOf.keys()].filter(isCurrency);
