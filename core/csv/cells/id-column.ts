/**
 * Decides whether a column's name and range are those of an ID. Text columns are judged in `word-type.ts` as well, and
 * a row counter in the first column in `profile/number-column.ts`.
 */

/** Names that mean an ID, whatever the values. */
const ID_NAME = /(?:^|[\s_.-])(?:id|ids|uuid|guid|pid|key|rowid)$/i;
const CAMEL_ID = /[a-z](?:Id|ID|Key|No|Nr)$/;
/** Names of IDs, but also of measurements: a price index, a number of rooms. */
const COUNTER_NAME =
  /(?:^|[\s_.-])(?:index|idx|row|no|nr|num|number|order|instant|serial|sn|isbn|issn|ean|gtin|upc|sku|imei|msisdn|barcode|passport|phone|telephone|telefon|mobile|fax)$/i;

/** Whether the name alone means an ID. */
export function isIdName(name: string): boolean {
  return ID_NAME.test(name) || CAMEL_ID.test(name) || COUNTER_NAME.test(name);
}

/**
 * Whole numbers that never repeat are IDs if the column's name suggests it and the values do not look like
 * measurements.
 */
export function isNumberId(name: string, values: { isSequence: boolean; min: number; max: number }): boolean {
  if (ID_NAME.test(name) || CAMEL_ID.test(name)) return true;
  if (!COUNTER_NAME.test(name)) return false;
  // Long numbers of equal length are assigned, not measured.
  const isFixed = values.min >= 1e5 && String(values.min).length === String(values.max).length;
  return values.isSequence || isFixed;
}
