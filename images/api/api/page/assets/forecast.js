// Series: the parts of a key, how many days, what is known of each of them; the forecast as chart and table.

import { facts } from "./answer.js";
import { element, figure } from "./dom.js";
import { fanChart } from "./fan-chart.js";
import { AheadField, ListField, TextField, WholeField } from "./series-fields.js";
import { day, longDay, valuesTable } from "./values-table.js";

/** The form of a project whose records are series. */
export class ForecastForm {
  title = "One series";
  verb = "Forecast";
  wishes = [];

  constructor(project) {
    this.project = project;
    const { target, key, known, prediction_length: most } = project;
    this.purpose = `Forecasts ${target.name} for 1 to ${most} days.`;
    this.key = key.map(({ name, example }, place) => new TextField(name, name, `field-${place}`, example));
    this.days = new WholeField("prediction_length", "Days ahead", "days", most);
    this.ahead = known.map((described, place) => new AheadField(described, `ahead-${place}`, this.days));
    this.past = new Past(project);
    this.previous = null;
  }

  get fields() {
    return [...this.key, this.days, ...this.ahead, ...this.past.fields];
  }

  get roots() {
    return [...[...this.key, this.days, ...this.ahead].map((field) => field.root), this.past.root];
  }

  /** What is asked for. */
  body() {
    const record = Object.fromEntries(this.key.map((field) => [field.name, field.value]));
    const known = Object.fromEntries(this.ahead.map((field) => [field.feature, field.value]));
    const wanted = this.days.value === null ? {} : { prediction_length: this.days.value };
    return { records: [{ ...record, known, ...wanted, ...this.past.value }] };
  }

  /** The parts of what is shown of an answer; the one before is drawn, too, where it is of the same days. */
  answered(answer) {
    const [forecast] = answer.predictions;
    const { previous } = this;
    const before = previous?.item_id === forecast.item_id && sameDays(previous, forecast) ? previous : null;
    this.previous = forecast;
    const name = this.project.target.name;
    return [
      headline(name, forecast, before),
      fanChart(name, forecast, before),
      valuesTable(name, forecast),
      facts(answer, []),
    ];
  }
}

function sameDays(one, other) {
  return one.start === other.start && one.dates.length === other.dates.length;
}

/** What is expected in all: means may be added, quantiles may not. */
function headline(name, { item_id: id, dates, mean }, before) {
  const total = sum(mean);
  const days = dates.length > 1 ? `${day(dates[0])} to ${longDay(dates.at(-1))}` : longDay(dates[0]);
  const expected = element("data", { id: "expected", value: String(total), textContent: figure(total) });
  return element(
    "div",
    { className: "verdict" },
    element("p", {}, `${name} of `, element("strong", { id: "series", textContent: id })),
    element("p", {}, `${days}: `, expected, " expected in all", change(total, before)),
  );
}

function change(total, before) {
  if (before === null) return null;
  const earlier = sum(before.mean);
  const share = earlier > 0 ? (100 * (total - earlier)) / earlier : 0;
  const percent = `${share < 0 ? "−" : "+"}${Math.abs(share).toFixed(1)}\u00a0%`;
  const compared = earlier > 0 ? `, ${percent}` : "";
  return element("span", { className: "quiet", id: "change" }, ` (${figure(earlier)} before${compared})`);
}

function sum(numbers) {
  return numbers.reduce((total, each) => total + each, 0);
}

/** What a series that the model does not have brings along; nothing while all of it is empty. */
class Past {
  constructor({ target, known, static: columns }) {
    const missing = "one a day, – where a day is missing";
    this.start = new TextField("history.start", "First day", "past-start", "", "as 2026-01-31");
    this.target = new ListField("history.target", `${target.name}, day by day`, "past-target", missing);
    this.columns = columns.map((name, place) => new TextField(`static.${name}`, name, `static-${place}`, ""));
    this.known = known.map(
      ({ name }, place) => new ListField(`history.known.${name}`, `${name}, day by day`, `past-${place}`, "one a day"),
    );
    this.names = columns;
    this.features = known.map(({ name }) => name);
    this.root = element(
      "details",
      { className: "whole", id: "past" },
      element("summary", {}, "A series that the model does not know"),
      element("div", { className: "fields" }, ...this.fields.map((field) => field.root)),
    );
    for (const field of this.fields) field.inside = this.root;
  }

  get fields() {
    return [this.start, ...this.columns, this.target, ...this.known];
  }

  get value() {
    const given = (names, fields) =>
      Object.fromEntries(fields.map((field, place) => [names[place], field.value]).filter(([, value]) => value?.length));
    const columns = given(this.names, this.columns);
    const known = given(this.features, this.known);
    const told = Object.keys(columns).length + Object.keys(known).length;
    if (!told && this.start.value === "" && this.target.value.length === 0) return {};
    const history = { start: this.start.value, target: this.target.value };
    if (Object.keys(known).length > 0) history.known = known;
    return { history, ...(Object.keys(columns).length > 0 ? { static: columns } : {}) };
  }
}
