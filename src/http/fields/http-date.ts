const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun"].concat([
  "Jul",
  "Aug",
  "Sep",
  "Oct",
  "Nov",
  "Dec",
]);

const TIME = "(\\d\\d):(\\d\\d):(\\d\\d)";
const IMF = new RegExp(`^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (\\d\\d) (...) (\\d{4}) ${TIME} GMT$`);
const RFC_850 = new RegExp(
  `^(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, (\\d\\d)-(...)-(\\d\\d) ${TIME} GMT$`,
);
const ASCTIME = new RegExp(`^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (...) ([ \\d]\\d) ${TIME} (\\d{4})$`);

/**
 * The time of an HTTP-date in any of its three forms (RFC 9110 section 5.6.7), in milliseconds since the
 * epoch; null for anything else, which recipients ignore.
 */
export function parseHttpDate(text: string): number | null {
  let found = IMF.exec(text);
  if (found !== null) {
    const [, day, month, year, hour, minute, second] = found;
    return timeOf(Number(year), month, day, hour, minute, second);
  }
  found = RFC_850.exec(text);
  if (found !== null) {
    const [, day, month, year, hour, minute, second] = found;
    // One that seems more than 50 years ahead is of the past.
    const century = Math.floor(new Date().getUTCFullYear() / 100) * 100;
    let full = century + Number(year);
    if (full > new Date().getUTCFullYear() + 50) full -= 100;
    return timeOf(full, month, day, hour, minute, second);
  }
  found = ASCTIME.exec(text);
  if (found === null) return null;
  const [, month, day, hour, minute, second, year] = found;
  return timeOf(Number(year), month, day.trim(), hour, minute, second);
}

function timeOf(
  year: number,
  monthName: string,
  day: string,
  hour: string,
  minute: string,
  second: string,
): number | null {
  const month = MONTHS.indexOf(monthName);
  if (month < 0 || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return null;
  const time = Date.UTC(year, month, Number(day), Number(hour), Number(minute), Number(second));
  const date = new Date(time);
  // The 31st of a month that has 30 days. A leap second is the one behind it.
  const expected = Number(second) === 60 ? new Date(time - 1000) : date;
  return expected.getUTCDate() === Number(day) && expected.getUTCMonth() === month ? time : null;
}
