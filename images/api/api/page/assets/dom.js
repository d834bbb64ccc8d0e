// Elements, and numbers as text. Text is always set as text: nothing that comes over the wire is parsed as HTML.

/** An element with properties (or, where it has no such property, attributes) and children. */
export function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === null) continue;
    if (key in made) made[key] = value;
    else made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** A part of a drawing (SVG), with attributes and text. */
export function drawing(name, attributes = {}, text = null) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== null) made.textContent = text;
  return made;
}

export function byId(id) {
  return document.getElementById(id);
}

/** A number with its sign, a true minus and three digits after the point: "+0.524". */
export function signed(number) {
  const text = Math.abs(number).toFixed(3);
  if (Number(text) === 0) return text;
  return (number < 0 ? "−" : "+") + text;
}

/** 0.7312 as "73.1 %"; never 0 or 100 where it is neither. */
export function percent(share) {
  const digits = (share > 0 && share < 0.0005) || (share < 1 && share > 0.9995) ? 4 : 1;
  return `${(100 * share).toFixed(digits)} %`;
}

/** A quantity with three digits or more, or with so many after the point. */
export function figure(number, digits = fitting(number)) {
  return number
    .toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits })
    .replace("-", "−");
}

/** How many digits after the point make three in all. */
export function fitting(number) {
  const size = Math.abs(number);
  if (size >= 100) return 0;
  return size >= 10 ? 1 : 2;
}
