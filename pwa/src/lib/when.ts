/** The date on this phone's calendar, as YYYY-MM-DD. */
export function localDate(at: Date): string {
  const two = (n: number) => String(n).padStart(2, '0');
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

export function clockTime(at: string, language: string): string {
  return new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(
    new Date(at),
  );
}

export function longDay(at: Date, language: string): string {
  return new Intl.DateTimeFormat(language, { weekday: 'long', day: 'numeric', month: 'long' }).format(at);
}

export function weekday(at: string, language: string): string {
  return new Intl.DateTimeFormat(language, { weekday: 'long' }).format(new Date(at));
}

/** "3 minutes ago" or "now", in whole units, never in the future (clocks jump). */
export function ago(at: string, now: number, language: string): string {
  const minutes = Math.max(0, Math.floor((now - Date.parse(at)) / 60_000));
  if (minutes === 0) return new Intl.RelativeTimeFormat(language, { numeric: 'auto' }).format(0, 'second');
  const speak = new Intl.RelativeTimeFormat(language, { numeric: 'always' });
  if (minutes < 60) return speak.format(-minutes, 'minute');
  if (minutes < 24 * 60) return speak.format(-Math.floor(minutes / 60), 'hour');
  return speak.format(-Math.floor(minutes / (24 * 60)), 'day');
}

export function daysBetween(from: Date, to: Date): number {
  const midnight = (at: Date) => Date.UTC(at.getFullYear(), at.getMonth(), at.getDate());
  return Math.round((midnight(to) - midnight(from)) / 86_400_000);
}
