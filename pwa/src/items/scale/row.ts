const MOST_POINTS = 5;
const LONGEST_WORD = 12;

/** Five labelled targets fit beside each other on the narrowest phone, as long as no word is longer than a column. */
export function fitsInRow(labels: readonly string[]): boolean {
  return (
    labels.length <= MOST_POINTS &&
    labels.every((label) => label.split(/\s/).every((word) => word.length <= LONGEST_WORD))
  );
}
