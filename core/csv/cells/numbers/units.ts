/**
 * Lists what may accompany the digits of a number: currencies, units of one kind with their conversion factors,
 * magnitudes (k, M), and marks for "about" and "at least". Lists and lookups only; the column decides which of them
 * apply.
 */

const CODES =
  "USD|EUR|GBP|CHF|JPY|CNY|RMB|INR|AUD|CAD|NZD|HKD|SGD|SEK|NOK|DKK|ISK|PLN|CZK|HUF|RON|BGN|TRY|RUB|UAH|BRL|MXN|ARS|CLP|COP|PEN|ZAR|NGN|KES|EGP|ILS|SAR|AED|QAR|KRW|THB|IDR|MYR|PHP|VND|TWD|PKR|BTC|ETH";
const SYMBOLS = "US\\$|R\\$|A\\$|C\\$|NZ\\$|HK\\$|S\\$|[$€£¥￥₹₽₩₺₪฿₫₴₦₱¢]";
const WORDS = "kr\\.?|Rs\\.?|zł|Kč|Ft|Fr\\.?|SFr\\.?|lei|euros?|dollars?";

export const CURRENCY_BEFORE = new RegExp(
  `^(?:${SYMBOLS}|(?:${CODES}|kr\\.?|Rs\\.?|zł|Fr\\.|SFr\\.?)(?=[\\s\\d.,+−-]))\\s*`,
  "i",
);
export const CURRENCY_BEHIND = new RegExp(`\\s*(?:${SYMBOLS}|(?<=[\\d\\s.,-])(?:${CODES}|${WORDS}))$`, "i");

/** The sign or code of a currency before or behind an amount. */
export const CURRENCY_NAME = new RegExp(
  `^(?:${SYMBOLS}|(?:${CODES})(?=[\\s\\d.,+−-]))|(?:${SYMBOLS}|(?<=[\\d\\s.,-])(?:${CODES}))$`,
  "i",
);

/** "863.-", "863,–" and "863.--": no cents. */
export const NO_CENTS = /[.,]\s?[-–—]{1,2}$/;

/** Marks that say how certain a number is, not which number it is. */
export const MARK_BEFORE = /^(?:~|≈|±|≥|≤|>=|<=|>|<|ca\.?|approx\.?|about|circa|est\.?)\s*(?=[\d.,+−$€£-])/i;
export const MARK_BEHIND = /\s*(?:\+|(?:±|\+\/-|\+-)\s?[\d.,]+)$/;

export type Family = Readonly<Record<string, number>>;

const THOUSAND = {
  ...{ k: 1e3, K: 1e3, tsd: 1e3, Tsd: 1e3, "Tsd.": 1e3, thousand: 1e3 },
  ...{
    tys: 1e3,
    "tys.": 1e3,
    mila: 1e3,
    mille: 1e3,
    тыс: 1e3,
    "тыс.": 1e3,
    千: 1e3,
    万: 1e4,
    萬: 1e4,
    만: 1e4,
  },
};
const MILLION = {
  m: 1e6,
  M: 1e6,
  mn: 1e6,
  mm: 1e6,
  MM: 1e6,
  mio: 1e6,
  Mio: 1e6,
  "Mio.": 1e6,
  mil: 1e6,
  million: 1e6,
  millions: 1e6,
  ...{
    mln: 1e6,
    Mln: 1e6,
    "mln.": 1e6,
    mill: 1e6,
    "mill.": 1e6,
    millones: 1e6,
    milhões: 1e6,
    milioni: 1e6,
    млн: 1e6,
  },
};
const BILLION = {
  b: 1e9,
  B: 1e9,
  bn: 1e9,
  Bn: 1e9,
  G: 1e9,
  mrd: 1e9,
  Mrd: 1e9,
  "Mrd.": 1e9,
  billion: 1e9,
  ...{
    billions: 1e9,
    mld: 1e9,
    Mld: 1e9,
    "mld.": 1e9,
    Md: 1e9,
    Mds: 1e9,
    miliardi: 1e9,
    млрд: 1e9,
    亿: 1e8,
    億: 1e8,
    억: 1e8,
  },
};

/** Including the Indian system. */
export const MAGNITUDES: Family = {
  ...THOUSAND,
  ...MILLION,
  ...BILLION,
  t: 1e12,
  T: 1e12,
  tn: 1e12,
  trillion: 1e12,
  ...{ Lakh: 1e5, Lakhs: 1e5, Lac: 1e5, lacs: 1e5, Lacs: 1e5, Crore: 1e7, Crores: 1e7, "Cr.": 1e7 },
  lakh: 1e5,
  lakhs: 1e5,
  lac: 1e5,
  crore: 1e7,
  crores: 1e7,
  cr: 1e7,
  Cr: 1e7,
};

/** Units of one kind; each value is the conversion factor. */
export const UNIT_FAMILIES: readonly Family[] = [
  {
    mm: 0.001,
    cm: 0.01,
    dm: 0.1,
    m: 1,
    km: 1000,
    in: 0.0254,
    inch: 0.0254,
    ft: 0.3048,
    yd: 0.9144,
    mi: 1609.344,
  },
  { mg: 1e-6, g: 0.001, kg: 1, Kg: 1, KG: 1, t: 1000, lb: 0.45359237, lbs: 0.45359237, oz: 0.028349523125 },
  { ml: 0.001, mL: 0.001, cl: 0.01, dl: 0.1, l: 1, L: 1, hl: 100 },
  {
    ...{ B: 1, kB: 1e3, KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 },
    ...{ bytes: 1, kb: 1e3, mb: 1e6, gb: 1e9, tb: 1e12 },
    ...{ KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3, TiB: 1024 ** 4 },
  },
  { Hz: 1, kHz: 1e3, MHz: 1e6, GHz: 1e9 },
  { W: 1, kW: 1e3, MW: 1e6 },
  { Wh: 1, kWh: 1e3, MWh: 1e6 },
];

/** Seconds per unit of time. */
export const TIME_UNITS: ReadonlyMap<string, number> = new Map(
  Object.entries({
    "ms milliseconds millisecond": 0.001,
    "s sec secs second seconds sek sekunde sekunden seconde secondes segundo segundos secondi seconden": 1,
    "m min mins minute minutes minuten minuto minutos minuti minuter": 60,
    "h hr hrs hour hours std stunde stunden heure heures hora horas ora ore uur uren timme timmar": 3600,
    "d day days tag tage tagen jour jours día días dia dias giorno giorni dag dagen dagar": 86_400,
    "w wk wks week weeks woche wochen semaine semaines semana semanas settimana settimane weken": 604_800,
    // Of 365.2425 days a year.
    "mo mos month months monat monate monaten mois mes meses mese mesi maand maanden": 2_629_746,
    "y yr yrs year years jahr jahre jahren an ans année années año años anno anni ano anos jaar": 31_556_952,
  }).flatMap(([words, seconds]) => words.split(" ").map((word) => [word, seconds] as const)),
);

/** Words behind an amount for money that came and money that went, in lower case without a full stop. */
export const LEDGER_SIDES: readonly (readonly [came: string, went: string])[] = [
  ["cr", "dr"],
  ["credit", "debit"],
  ["haben", "soll"],
  ["h", "s"],
  ["c", "d"],
];

/** By unit, without blanks: °C is what remains of the digits after `zero` was subtracted, times `factor`. */
export const TEMPERATURES: ReadonlyMap<string, { zero: number; factor: number }> = new Map(
  Object.entries({
    "°C ℃ ºC C degC celsius Celsius degreesC": { zero: 0, factor: 1 },
    "°F ℉ ºF F degF fahrenheit Fahrenheit degreesF": { zero: 32, factor: 5 / 9 },
    "°K K kelvin Kelvin": { zero: 273.15, factor: 1 },
  }).flatMap(([words, scale]) => words.split(" ").map((word) => [word, scale] as const)),
);
