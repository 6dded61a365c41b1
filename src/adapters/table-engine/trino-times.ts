// Trino's texts of times as ISO 8601: fractions without zeros at their end, zones as UTC.

const FRACTION = /\.(\d*?)0*$/;

/** `12:34:56.500000` as `12:34:56.5`. */
export function plainTime(text: string): string {
  return text.replace(FRACTION, (_, digits: string) => (digits === "" ? "" : `.${digits}`));
}

/** `2024-02-29 12:34:56.000` as `2024-02-29T12:34:56`. */
export function isoTimestamp(text: string): string {
  return plainTime(text).replace(" ", "T");
}

/** `2024-02-29 12:34:56.5 Europe/Berlin` (or `UTC`, `+01:00`) as `2024-02-29T11:34:56.5Z`. */
export function zonedTimestamp(text: string): string {
  const cut = text.lastIndexOf(" ");
  const local = isoTimestamp(text.slice(0, cut));
  const zone = text.slice(cut + 1);
  if (zone === "UTC" || zone === "Z" || zone === "+00:00") return `${local}Z`;
  const [whole, fraction] = local.split(".") as [string, string?];
  const local_ms = Date.parse(`${whole}Z`);
  // Years that Date does not have stay in Trino's own words.
  if (Number.isNaN(local_ms)) return text;
  const offset_ms = offsetOf(zone, local_ms);
  if (offset_ms === undefined) return text;
  const utc = new Date(local_ms - offset_ms).toISOString().slice(0, 19);
  return `${utc}${fraction === undefined ? "" : `.${fraction}`}Z`;
}

const MINUTE_MS = 60_000;

function offsetOf(zone: string, local_ms: number): number | undefined {
  const fixed = /^([+-])(\d\d):(\d\d)$/.exec(zone);
  if (fixed !== null) {
    const minutes = Number(fixed[2]) * 60 + Number(fixed[3]);
    return (fixed[1] === "-" ? -minutes : minutes) * MINUTE_MS;
  }
  const guess = zoneOffset(zone, local_ms);
  // The offset that holds at the instant, not at the same figures in UTC.
  return guess === undefined ? undefined : zoneOffset(zone, local_ms - guess);
}

/** What the zone's clocks are ahead of UTC at an instant; undefined for a zone not known here. */
function zoneOffset(zone: string, instant_ms: number): number | undefined {
  try {
    const clock = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
    });
    const parts = clock.formatToParts(instant_ms).map(({ type, value }) => [type, value]);
    const at = Object.fromEntries(parts) as Record<string, string>;
    const shown = `${at["year"]}-${at["month"]}-${at["day"]}T${at["hour"]}:${at["minute"]}`;
    const second_ms = Math.floor(instant_ms / 1000) * 1000;
    return Date.parse(`${shown}:${at["second"]}Z`) - second_ms;
  } catch {
    return undefined;
  }
}
