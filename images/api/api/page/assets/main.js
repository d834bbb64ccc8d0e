// Puts the page together: which project, what is asked, where the answer goes.

import { bringIntoView, showPrediction, showProblem, showQuiet } from "./answer.js";
import { predict, Problem, projects } from "./client.js";
import { byId, element } from "./dom.js";
import { mark, showFields } from "./form.js";

let known = [];
let project = null;
let fields = [];
let busy = false;

async function start() {
  try {
    known = await projects();
  } catch (problem) {
    showProblem(problem);
    return;
  }
  byId("project").replaceChildren(...known.map(({ project: name }) => element("option", { value: name }, name)));
  choose(named(location.hash) ?? known[0]);
  byId("project").addEventListener("change", (event) => choose(known[event.target.selectedIndex]));
  addEventListener("hashchange", () => choose(named(location.hash) ?? project));
  byId("key").addEventListener("input", () => markKey(null));
  byId("question").addEventListener("submit", (event) => {
    event.preventDefault();
    ask();
  });
}

function named(hash) {
  return known.find(({ project: name }) => `#${name}` === hash);
}

function choose(chosen) {
  if (chosen === project) return;
  project = chosen;
  byId("project").value = project.project;
  byId("project-hint").textContent = `Predicts ${project.target.name}: ${project.target.positive} or ${project.target.negative}.`;
  history.replaceState(null, "", `#${project.project}`);
  fields = showFields(project.fields);
  showQuiet("Fill in the record and press Predict.");
}

async function ask() {
  if (busy) return;
  unmark();
  const unreadable = fields.filter((field) => field.fault !== null);
  if (unreadable.length > 0) {
    for (const field of unreadable) field.mark(field.fault);
    unreadable[0].control.focus();
    return;
  }
  const asked = {
    project,
    key: byId("key").value.trim(),
    record: Object.fromEntries(fields.map((field) => [field.name, field.value])),
  };
  work(true);
  try {
    const answer = await predict(project.project, asked.key, asked.record, byId("contributions").checked, {
      "X-Inference-Id": byId("inference-id").value.trim(),
      "X-Entity-Id": byId("entity-id").value.trim(),
      "X-Target-Variant": byId("variant").value.trim(),
    });
    // Another project may have been chosen while this one was asked.
    if (asked.project !== project) return;
    showPrediction(answer, asked);
    bringIntoView();
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    if (asked.project === project) refuse(problem);
  } finally {
    work(false);
  }
}

function refuse(problem) {
  showProblem(problem);
  if (problem.status === 401) {
    markKey("is not known; ask whoever runs this API for one");
    byId("key").focus();
    return;
  }
  const faults = new Map(problem.errors.map(({ field, reason }) => [field, reason]));
  const marked = fields.filter((field) => faults.has(field.name));
  for (const field of marked) field.mark(faults.get(field.name));
  if (marked.length > 0) marked[0].control.focus();
  else bringIntoView();
}

function unmark() {
  markKey(null);
  for (const field of fields) field.mark(null);
}

function markKey(reason) {
  mark(byId("key"), byId("key-error"), reason);
}

function work(isBusy) {
  busy = isBusy;
  byId("answer").setAttribute("aria-busy", String(isBusy));
  byId("ask").textContent = isBusy ? "Asking …" : "Predict";
}

start();
