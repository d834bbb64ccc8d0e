// Puts the page together: which project, what is asked, where the answer goes.

import { bringIntoView, show, showProblem, showQuiet } from "./answer.js";
import { predict, Problem, projects } from "./client.js";
import { byId, element } from "./dom.js";
import { mark } from "./fields.js";
import { ForecastForm } from "./forecast.js";
import { TabularForm } from "./tabular.js";

// What a form is made of, asks for and makes of the answer is a matter of the project's kind.
const FORMS = { tabular: TabularForm, forecast: ForecastForm };

let known = [];
let project = null;
let form = null;
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
  history.replaceState(null, "", `#${project.project}`);
  form = new FORMS[project.kind](project);
  byId("project-hint").textContent = form.purpose;
  byId("record-title").textContent = form.title;
  byId("fields").replaceChildren(...form.roots);
  byId("wishes").replaceChildren(...form.wishes);
  byId("ask").textContent = form.verb;
  showQuiet(`Fill in the form and press ${form.verb}.`);
}

async function ask() {
  if (busy) return;
  markKey(null);
  for (const field of form.fields) field.mark(null);
  const unreadable = form.fields.filter((field) => field.fault !== null);
  if (unreadable.length > 0) {
    for (const field of unreadable) field.mark(field.fault);
    unreadable[0].focus();
    return;
  }
  const asked = { form, project: project.project, key: byId("key").value.trim(), body: form.body() };
  work(true);
  try {
    const answer = await predict(asked.project, asked.key, asked.body, {
      "X-Inference-Id": byId("inference-id").value.trim(),
      "X-Entity-Id": byId("entity-id").value.trim(),
      "X-Target-Variant": byId("variant").value.trim(),
    });
    // Another project may have been chosen while this one was asked.
    if (asked.form !== form) return;
    show(...form.answered(answer, asked));
    bringIntoView();
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    if (asked.form === form) refuse(problem);
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
  const marked = form.fields.filter((field) => faults.has(field.name));
  for (const field of marked) field.mark(faults.get(field.name));
  if (marked.length > 0) marked[0].focus();
  else bringIntoView();
}

function markKey(reason) {
  mark(byId("key"), byId("key-error"), reason);
}

function work(isBusy) {
  busy = isBusy;
  byId("answer").setAttribute("aria-busy", String(isBusy));
  byId("ask").textContent = isBusy ? "Asking …" : form.verb;
}

start();
