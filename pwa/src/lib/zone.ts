/** The phone's own zone: it travels with every form, because the person may. */
export function zoneOfPhone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}
