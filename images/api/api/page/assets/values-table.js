// A forecast's numbers, day by day, for whoever cannot or does not want to read them off a chart.

import { element, figure, fitting } from "./dom.js";

const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
const LONG_DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });

/** "2026-01-31" as "31 Jan". */
export function day(date) {
  return DAY.format(Date.parse(date));
}

/** "2026-01-31" as "31 Jan 2026". */
export function longDay(date) {
  return LONG_DAY.format(Date.parse(date));
}

/** 0.025 as "2.5 %". */
export function level(quantile) {
  return `${Number((100 * Number(quantile)).toFixed(4))}\u00a0%`;
}

/** The table, closed until somebody wants it. */
export function valuesTable(name, { dates, mean, median, quantiles }) {
  // The quantile 0.5 is the median.
  const levels = Object.keys(quantiles).filter((each) => Number(each) !== 0.5);
  const columns = [["Mean", mean], ["Median", median], ...levels.map((each) => [level(each), quantiles[each]])];
  const head = ["Day", ...columns.map(([title]) => title)].map((title) =>
    element("th", { scope: "col", textContent: title }),
  );
  // One number of digits for all, so that points stand below each other.
  const digits = Math.max(1, fitting(Math.max(...columns.flatMap(([, values]) => values))));
  const rows = dates.map((date, place) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, element("time", { dateTime: date, textContent: longDay(date) })),
      ...columns.map(([, values]) => element("td", { className: "number" }, value(values[place], digits))),
    ),
  );
  const table = element(
    "table",
    { className: "values" },
    element("caption", { textContent: `${name}, day by day` }),
    element("thead", {}, element("tr", {}, ...head)),
    element("tbody", {}, ...rows),
  );
  const region = element("div", { className: "scroll", role: "region", ariaLabel: "Values", tabIndex: 0 }, table);
  return element("details", { id: "values" }, element("summary", {}, "Values as a table"), region);
}

function value(number, digits) {
  return element("data", { value: String(number), textContent: figure(number, digits) });
}
