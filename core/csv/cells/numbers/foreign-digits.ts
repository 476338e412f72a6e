/** Writes digits of other scripts, wide ones too, as 0 to 9, with their decimal and thousands marks. */

const FOREIGN = /[٠-٩۰-۹०-९０-９٫٬．，]/;
const ZEROS = [0x660, 0x6f0, 0x966, 0xff10];
const MARKS: Readonly<Record<string, string>> = { "٫": ".", "٬": ",", "．": ".", "，": "," };

/** Returns the text itself if it has none. */
export function withPlainDigits(text: string): string {
  if (!FOREIGN.test(text)) return text;
  return text.replace(new RegExp(FOREIGN, "g"), (sign) => {
    const code = sign.charCodeAt(0);
    const zero = ZEROS.find((from) => code >= from && code < from + 10);
    return zero === undefined ? MARKS[sign]! : String(code - zero);
  });
}
