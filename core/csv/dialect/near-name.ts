/** Finds the known name that an unknown one probably means, for "Did you mean country?". */

/** Longer names are not compared letter by letter. */
const MOST_LETTERS = 80;
const LETTERS_PER_SLIP = 4;

/**
 * The only known name that differs just in case, accents or punctuation; else the only closest one with at most one
 * typo per four letters (a letter added, dropped, changed, or two swapped); null if there is none.
 */
export function nearName(asked: string, known: Iterable<string>): string | null {
  const wanted = letters(asked);
  if (!wanted || wanted.length > MOST_LETTERS) return null;
  const most = Math.floor((wanted.length + 1) / LETTERS_PER_SLIP);
  let least = most + 1;
  let found: string | null = null;
  for (const name of known) {
    const candidate = letters(name);
    if (!candidate || Math.abs(candidate.length - wanted.length) > Math.min(least, most)) continue;
    const slips = slipsBetween(wanted, candidate);
    if (slips > most || slips > least) continue;
    found = slips < least ? name : null;
    least = slips;
  }
  return found;
}

/** The known name that is written alike, its accents in either form (NFC, NFD); else the asked one itself. */
export function sameName(asked: string, known: readonly string[]): string {
  if (known.includes(asked)) return asked;
  const composed = asked.normalize("NFC");
  return known.find((name) => name.normalize("NFC") === composed) ?? asked;
}

function letters(name: string): string {
  return name
    .normalize("NFKD")
    .toUpperCase()
    .replace(/[^\p{L}\p{N}]/gu, "");
}

/** Edit distance with swaps of neighbours (optimal string alignment). */
function slipsBetween(one: string, other: string): number {
  let before: number[] = [];
  let last = Array.from({ length: other.length + 1 }, (_, k) => k);
  for (let i = 1; i <= one.length; i++) {
    const row = [i];
    for (let k = 1; k <= other.length; k++) {
      const isSame = one[i - 1] === other[k - 1];
      row[k] = Math.min(last[k]! + 1, row[k - 1]! + 1, last[k - 1]! + Number(!isSame));
      const isSwapped = i > 1 && k > 1 && one[i - 1] === other[k - 2] && one[i - 2] === other[k - 1];
      if (isSwapped) row[k] = Math.min(row[k]!, before[k - 2]! + 1);
    }
    [before, last] = [last, row];
  }
  return last[other.length]!;
}
