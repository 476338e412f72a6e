/** Maps a data row to its row in the file. Stores only where the offset between the two changes. */

export class RowPlaces {
  private rows = 0;
  private readonly from: number[] = [];
  private readonly distances: number[] = [];

  /** `count` data rows begin at row `row` (1-based) of the file. */
  add(row: number, count: number): void {
    const distance = row - this.rows;
    if (this.distances[this.distances.length - 1] !== distance) {
      this.from.push(this.rows);
      this.distances.push(distance);
    }
    this.rows += count;
  }

  /** The 1-based row in the file of a data row, counted from 0. */
  rowOf(dataRow: number): number {
    let at = this.from.length - 1;
    while (at > 0 && this.from[at] > dataRow) at--;
    return dataRow + (this.distances[at] ?? 0);
  }
}
