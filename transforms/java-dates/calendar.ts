/**
 * java.util.GregorianCalendar in UTC: Julian before 15 October 1582, years BC, weeks that begin on Sunday with the first week holding
 * 1 January (the US locale, as the reference runs with).
 */

export const dayMs = 86_400_000;
const cutoverDay = -141_427;
const cutoverYear = 1582;

export type CalendarFields = {
  readonly era: 'BC' | 'AD';
  /** Within the era, from 1. */
  readonly year: number;
  /** From 0. */
  readonly month: number;
  readonly day: number;
  readonly dayOfYear: number;
  /** 0: Sunday. */
  readonly weekday: number;
  readonly weekYear: number;
  readonly weekOfYear: number;
  readonly weekOfMonth: number;
  readonly millisecondOfDay: number;
};

function modulo(value: number, by: number): number {
  return value - Math.floor(value / by) * by;
}

/**
 * Days since 1970 of a date. Year 0 is 1 BC; months (from 0) and days may overflow, and the year as given says by which of the two calendars
 * they are counted. Inside, years begin in March, so that leap days come last.
 */
export function daysOf(year: number, month: number, day: number): number {
  const shifted = month - 2;
  const years = year + Math.floor(shifted / 12);
  const days = 365 * years + Math.floor(years / 4) + Math.floor((153 * modulo(shifted, 12) + 2) / 5) + day - 1;
  const julian = days - 719_470;
  const gregorian = days - Math.floor(years / 100) + Math.floor(years / 400) - 719_468;
  return year >= cutoverYear && gregorian >= cutoverDay ? gregorian : julian;
}

/** Year (0: 1 BC), month from 0 and day of a number of days since 1970. */
function dateOf(days: number): { year: number; month: number; day: number } {
  let years: number;
  let dayOfYear: number;
  if (days >= cutoverDay) {
    const shifted = days + 719_468;
    const cycle = Math.floor(shifted / 146_097);
    const dayOfCycle = shifted - cycle * 146_097;
    const yearOfCycle = Math.floor(
      (dayOfCycle - Math.floor(dayOfCycle / 1460) + Math.floor(dayOfCycle / 36_524) - Math.floor(dayOfCycle / 146_096)) / 365,
    );
    years = yearOfCycle + cycle * 400;
    dayOfYear = dayOfCycle - (365 * yearOfCycle + Math.floor(yearOfCycle / 4) - Math.floor(yearOfCycle / 100));
  } else {
    const shifted = days + 719_470;
    const cycle = Math.floor(shifted / 1461);
    const dayOfCycle = shifted - cycle * 1461;
    const yearOfCycle = Math.min(Math.floor(dayOfCycle / 365), 3);
    years = yearOfCycle + cycle * 4;
    dayOfYear = dayOfCycle - 365 * yearOfCycle;
  }
  const fromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const month = (fromMarch + 2) % 12;
  return { year: years + (month < 2 ? 1 : 0), month, day: dayOfYear - Math.floor((153 * fromMarch + 2) / 5) + 1 };
}

/** The calendar's fields of milliseconds since 1970. */
export function fieldsOf(milliseconds: bigint): CalendarFields {
  const perDay = BigInt(dayMs);
  const ofDay = ((milliseconds % perDay) + perDay) % perDay;
  const days = Number((milliseconds - ofDay) / perDay);
  const { year, month, day } = dateOf(days);
  const weekday = modulo(days + 4, 7);
  const newYear = daysOf(year, 0, 1);
  const nextNewYear = daysOf(year + 1, 0, 1);
  // The week that holds the next 1 January is that year's first.
  const isNextWeekYear = days - weekday + 6 >= nextNewYear;
  return {
    era: year > 0 ? 'AD' : 'BC',
    year: year > 0 ? year : 1 - year,
    month,
    day,
    dayOfYear: days - newYear + 1,
    weekday,
    weekYear: isNextWeekYear ? year + 1 : year,
    weekOfYear: isNextWeekYear ? 1 : Math.floor((days - newYear + modulo(newYear + 4, 7)) / 7) + 1,
    weekOfMonth: Math.floor((day - 1 + modulo(weekday - (day - 1), 7)) / 7) + 1,
    millisecondOfDay: Number(ofDay),
  };
}
