// A forecast as a fan: bands between quantiles, the median and the mean; one day at a time can be read off.

import { drawing, element, figure } from "./dom.js";
import { day, level, longDay } from "./values-table.js";

const HEIGHT = 260;
const TOP = 10;
const BOTTOM = 26;
const RIGHT = 10;
// Pixels that a date under the axis takes, and one that a digit beside it does.
const DATE_WIDTH = 58;
const DIGIT_WIDTH = 7.5;

/** The chart with its legend. It is drawn anew when its width changes, so that its letters keep their size. */
export function fanChart(name, forecast, before) {
  const bands = intervals(forecast.quantiles);
  const plot = element("div", {
    className: "plot",
    id: "chart",
    tabIndex: 0,
    role: "slider",
    ariaLabel: `Forecast of ${name}: arrow keys choose the day`,
    ariaValueMin: "1",
    ariaValueMax: String(forecast.dates.length),
  });
  const readout = element("p", { className: "readout", id: "readout", ariaHidden: "true" });
  const chart = new Chart(plot, readout, forecast, before, bands);
  new ResizeObserver(() => chart.draw()).observe(plot);
  return element("figure", { className: "fan" }, legend(bands, before), plot, readout);
}

class Chart {
  constructor(plot, readout, forecast, before, bands) {
    Object.assign(this, { plot, readout, forecast, before, bands, chosen: 0, width: 0 });
    plot.addEventListener("keydown", (event) => this.key(event));
    plot.addEventListener("pointermove", (event) => this.point(event));
    plot.addEventListener("pointerdown", (event) => this.point(event));
  }

  get days() {
    return this.forecast.dates.length;
  }

  draw() {
    const width = Math.floor(this.plot.clientWidth);
    if (width === 0 || width === this.width) return;
    this.width = width;
    this.scale = scale(this.forecast, this.before);
    const { ticks, digits } = this.scale;
    this.left = 10 + DIGIT_WIDTH * Math.max(...ticks.map((tick) => axisText(tick, digits).length));
    const picture = drawing("svg", { viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT, "aria-hidden": "true" });
    this.cursor = drawing("line", { class: "cursor", y1: TOP, y2: HEIGHT - BOTTOM });
    this.dot = drawing("circle", { class: "dot", r: 4 });
    picture.append(...this.axes(), ...this.areas(), ...this.lines(), this.cursor, this.dot);
    this.plot.replaceChildren(picture);
    this.choose(this.chosen);
  }

  x(place) {
    return this.left + ((this.width - this.left - RIGHT) * (place + 0.5)) / this.days;
  }

  y(value) {
    const { low, high } = this.scale;
    return HEIGHT - BOTTOM - ((HEIGHT - BOTTOM - TOP) * (value - low)) / (high - low);
  }

  /** Points of a line; each end goes on for half a day, so that a single day is a line, too. */
  points(values) {
    const at = (x, value) => `${x.toFixed(2)},${this.y(value).toFixed(2)}`;
    return [
      at(this.left, values[0]),
      ...values.map((value, place) => at(this.x(place), value)),
      at(this.width - RIGHT, values.at(-1)),
    ];
  }

  axes() {
    const { ticks, digits } = this.scale;
    const lines = ticks.flatMap((tick) => [
      drawing("line", { class: "grid", x1: this.left, x2: this.width - RIGHT, y1: this.y(tick), y2: this.y(tick) }),
      drawing("text", { class: "tick", x: this.left - 6, y: this.y(tick) + 4, "text-anchor": "end" }, axisText(tick, digits)),
    ]);
    const fitting = Math.max(1, Math.floor((this.width - this.left - RIGHT) / DATE_WIDTH));
    const step = Math.ceil(this.days / fitting);
    const dates = this.forecast.dates.flatMap((date, place) => {
      const x = this.x(place);
      // The last one must not be cut off.
      if (place % step > 0 || x > this.width - DATE_WIDTH / 2) return this.days === 1 ? [this.date(date, x)] : [];
      return [this.date(date, x)];
    });
    return [...lines, ...dates];
  }

  date(date, x) {
    return drawing("text", { class: "tick", x, y: HEIGHT - 8, "text-anchor": "middle" }, day(date));
  }

  areas() {
    return this.bands.map(({ low, high }) => {
      const { quantiles } = this.forecast;
      const around = [...this.points(quantiles[high]), ...this.points(quantiles[low]).reverse()];
      return drawing("polygon", { class: "band", points: around.join(" ") });
    });
  }

  lines() {
    const line = (kind, values) => drawing("polyline", { class: kind, points: this.points(values).join(" ") });
    const edges = this.bands.flatMap(({ low, high }) => [low, high]);
    return [
      ...edges.map((each) => line("edge", this.forecast.quantiles[each])),
      ...(this.before ? [line("before", this.before.median)] : []),
      line("median", this.forecast.median),
      // Above the median, which it is close to: through its gaps both are seen.
      line("mean", this.forecast.mean),
    ];
  }

  key(event) {
    const last = this.days - 1;
    const places = {
      ArrowRight: this.chosen + 1,
      ArrowUp: this.chosen + 1,
      ArrowLeft: this.chosen - 1,
      ArrowDown: this.chosen - 1,
      PageUp: this.chosen + 7,
      PageDown: this.chosen - 7,
      Home: 0,
      End: last,
    };
    if (!(event.key in places) || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    this.choose(places[event.key]);
  }

  point(event) {
    const place = ((event.clientX - this.plot.getBoundingClientRect().x - this.left) * this.days) / (this.width - this.left - RIGHT);
    this.choose(Math.floor(place));
  }

  choose(place) {
    this.chosen = Math.min(Math.max(place, 0), this.days - 1);
    const x = this.x(this.chosen);
    for (const end of ["x1", "x2"]) this.cursor.setAttribute(end, x);
    this.dot.setAttribute("cx", x);
    this.dot.setAttribute("cy", this.y(this.forecast.median[this.chosen]));
    const said = spoken(this.forecast, this.before, this.bands, this.chosen);
    this.readout.textContent = said;
    this.plot.setAttribute("aria-valuenow", String(this.chosen + 1));
    this.plot.setAttribute("aria-valuetext", said);
  }
}

/** Pairs of quantiles as far from the middle, the widest first. */
function intervals(quantiles) {
  const levels = Object.keys(quantiles).sort((one, other) => one - other);
  return levels
    .filter((low) => low < 0.5)
    .map((low) => ({ low, high: levels.find((high) => Math.abs(Number(low) + Number(high) - 1) < 1e-9) }))
    .filter(({ high }) => high !== undefined);
}

/** Where the axis begins and ends, and round numbers on it. It begins with 0 where nothing is below. */
function scale({ mean, median, quantiles }, before) {
  const all = [mean, median, ...Object.values(quantiles), ...(before ? [before.median] : [])].flat();
  const least = Math.min(0, ...all);
  const most = Math.max(...all, least + 1e-9);
  const rough = (most - least) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough * 0.999);
  const first = Math.floor(least / step + 1e-9);
  const last = Math.ceil(most / step - 1e-9);
  const ticks = Array.from({ length: last - first + 1 }, (_, place) => (first + place) * step);
  return { low: first * step, high: last * step, ticks, digits: Math.max(0, -Math.floor(Math.log10(step) + 1e-9)) };
}

function axisText(tick, digits) {
  return tick.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits }).replace("-", "−");
}

/** A day in words. */
function spoken({ dates, mean, median, quantiles }, before, bands, place) {
  const told = [`median ${figure(median[place])}`, `mean ${figure(mean[place])}`];
  for (const { low, high } of bands) {
    told.push(`${width(low, high)} between ${figure(quantiles[low][place])} and ${figure(quantiles[high][place])}`);
  }
  if (before) told.push(`median before ${figure(before.median[place])}`);
  return `${longDay(dates[place])}: ${told.join(", ")}`;
}

function width(low, high) {
  return level(Number(high) - Number(low));
}

function legend(bands, before) {
  const entry = (kind, text) => element("li", {}, element("span", { className: `swatch ${kind}` }), text);
  return element(
    "ul",
    { className: "legend", ariaLabel: "Legend" },
    entry("median", "Median"),
    entry("mean", "Mean"),
    ...bands.map(({ low, high }, place) => entry(place > 0 ? "band inner" : "band", `${width(low, high)} interval`)),
    before ? entry("before", "Median of the answer before") : null,
  );
}
