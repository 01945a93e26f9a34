// The page with scripts: filters, the matrix of all subjects, and a panel for one subject, case or root cause.
// All text goes through textContent; no markup is made of data.
(() => {
"use strict";
if (!("DecompressionStream" in window) || !("showModal" in HTMLDialogElement.prototype)) return;
const root = document.documentElement;
root.classList.add("js");
const BROKEN = "FCTI", ODD = "H~S", PASSED = ".", ALONE = "/";
const FIELDS = ["text", "subjects", "rule", "outcome", "weight", "build"];
const PANELS = ["case", "cause", "subject"];
const FEW = 300;
const form = document.getElementById("filter");
const panel = document.getElementById("panel");
const matrix = document.getElementById("matrix");
const opened = new Map();
let index, filter = {}, drawing = 0, ruleNumber = -1;

function open(name) {
  if (!opened.has(name)) opened.set(name, unpack(document.getElementById("chunk-" + name).textContent));
  return opened.get(name);
}
async function unpack(text) {
  const bytes = Uint8Array.from(atob(text), (each) => each.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return JSON.parse(await new Response(stream).text());
}
async function casesOf(subject) {
  const chunk = await open("cases-" + index.subjects[subject][2]);
  return { chunk, ...chunk.subjects[subject] };
}

function make(name, attributes, ...content) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (value === false || value === undefined) continue;
    if (key === "onclick") made.addEventListener("click", value);
    else made.setAttribute(key, value);
  }
  made.append(...content.filter((each) => each !== null && each !== undefined && each !== ""));
  return made;
}
const number = (count) => count.toLocaleString("en");
const counted = (count, thing) => number(count) + " " + thing + (count === 1 ? "" : "s");
const link = (kind, value, text) => make("a", { href: "#" + hashOf(kind, value) }, text === undefined ? value : text);
function subjectLink(subject) {
  const [kind, name] = index.subjects[subject];
  return link("subject", index.kinds[kind] + "/" + name, name);
}
const escaped = (text) => encodeURI(text).replace(/[&#]/g, encodeURIComponent);
function wellFormed(text) {
  try { return escaped(text); } catch { return ""; }
}
function hashOf(kind, value) {
  const parts = kind ? [kind + "=" + wellFormed(value)] : [];
  for (const field of FIELDS) if (filter[field]) parts.push(field + "=" + wellFormed(filter[field]));
  return parts.join("&");
}
function parsed() {
  const found = {};
  for (const part of location.hash.slice(1).split("&")) {
    const place = part.indexOf("=");
    if (place < 0) continue;
    let value = part.slice(place + 1);
    try { value = decodeURIComponent(value); } catch { /* It is taken as it stands. */ }
    found[part.slice(0, place)] = value;
  }
  return found;
}
const outcomeWord = (letter) => (index.outcomes.find((each) => each[0] === letter) || ["", ""])[1];
const columns = () => filter.build ? [index.builds.findIndex((each) => each.name === filter.build)] : index.builds.map((_, place) => place);
const heads = (places) => places.map((place) => make("th", { scope: "col", class: "build" }, make("span", {}, index.builds[place].name)));
const wide = (label, ...content) => make("div", { class: "wide", role: "region", tabindex: "0", "aria-label": label }, ...content);

// What the filter leaves.
function wants(told, chunk) {
  if (ruleNumber >= 0 && !chunk.rules[told[3]].includes(ruleNumber) && !(told[5] || []).some((each) => each.slice(1).some((cause) => index.causes[cause][2] === filter.rule))) return false;
  if (!filter.text) return true;
  const text = filter.text.toLowerCase();
  if (told[1].toLowerCase().includes(text)) return true;
  if (told[4] && told[4].some((each) => each && chunk.texts[each].toLowerCase().includes(text))) return true;
  return (told[5] || []).some((each) => each.slice(1).some((cause) => causeText(cause).includes(text)));
}
const causeTexts = [];
function causeText(cause) {
  if (causeTexts[cause] === undefined) {
    const told = index.causes[cause];
    causeTexts[cause] = [told[0], told[3], ...told[5].map((each) => index.subjects[each][1])].join("\n").toLowerCase();
  }
  return causeTexts[cause];
}
function letterAt(told, place) {
  const letter = told[2][place];
  if (letter === " ") return "";
  if (filter.outcome && outcomeWord(letter) !== filter.outcome) return "";
  if (filter.weight) {
    const found = (told[5] || []).find((each) => each[0] === place);
    if (!found || !found.slice(1).some((cause) => index.causes[cause][1] === filter.weight)) return "";
  }
  return letter;
}
const deep = () => filter.text || filter.rule || filter.weight;
const narrowed = () => FIELDS.some((field) => field !== "build" && filter[field]);

async function counts(subject, places) {
  const [, , , whole] = index.subjects[subject];
  if (!deep()) {
    return places.map((place) => {
      const found = {};
      for (const [, letter, count] of whole[place].matchAll(/(\D)(\d+)/g)) {
        if (!filter.outcome || outcomeWord(letter) === filter.outcome) found[letter] = Number(count);
      }
      return found;
    });
  }
  const { chunk, cases } = await casesOf(subject);
  const found = places.map(() => ({}));
  for (const told of cases) {
    if (!wants(told, chunk)) continue;
    places.forEach((place, column) => {
      const letter = letterAt(told, place);
      if (letter) found[column][letter] = (found[column][letter] || 0) + 1;
    });
  }
  return found;
}

// The matrix.
function cell(found) {
  const td = document.createElement("td");
  const told = [];
  let open = 0, most = "";
  for (const letter of BROKEN + ODD) if (found[letter]) told.push(letter + found[letter]);
  const broken = told.length > 0;
  if (found[PASSED]) told.push(found[PASSED]);
  for (const [letter, count] of Object.entries(found)) {
    if ((BROKEN + ODD + PASSED + ALONE).includes(letter)) continue;
    if (count > open) { open = count; most = letter; }
  }
  if (open) told.push(told.length ? "+" : most + open);
  if (!told.length && found[ALONE]) told.push(filter.outcome ? "/" + found[ALONE] : "n/a");
  td.textContent = told.join(" ");
  td.className = broken ? "x" : found[PASSED] ? "g" : open ? "d" : "e";
  return td;
}
async function draw() {
  const mine = ++drawing;
  root.dataset.state = "busy";
  matrix.setAttribute("aria-busy", "true");
  const places = columns();
  const body = make("tbody");
  const wanted = (filter.subjects || "").toLowerCase();
  const without = [];
  let kind = -1, shown = 0, results = 0;
  for (let subject = 0; subject < index.subjects.length; subject++) {
    const [ofKind, name] = index.subjects[subject];
    if (wanted && !name.toLowerCase().includes(wanted)) continue;
    const found = await counts(subject, places);
    if (mine !== drawing) return;
    const count = found.reduce((sum, each) => sum + Object.values(each).reduce((a, b) => a + b, 0), 0);
    if (!count) {
      if (!narrowed()) without.push(make("li", {}, subjectLink(subject)));
      continue;
    }
    if (ofKind !== kind) {
      kind = ofKind;
      const title = index.kinds[kind];
      body.append(make("tr", { class: "kind" }, make("th", { scope: "rowgroup", colspan: places.length + 1 }, title[0].toUpperCase() + title.slice(1))));
    }
    const head = make("th", { scope: "row", title: name }, subjectLink(subject));
    const row = make("tr", { "data-subject": subject }, head, ...found.map(cell));
    body.append(row);
    shown++;
    results += count;
  }
  const table = make("table", { class: "matrix" }, make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "Subject"), ...heads(places))), body);
  const told = shown ? [wide("Subjects by build", table)] : [make("p", {}, "No subject has such a case.")];
  matrix.replaceChildren(make("p", {}, "A number counts passed cases, a letter before it those that did not; + means more without a verdict. A subject leads to its cases."), ...told);
  if (without.length) matrix.append(make("details", {}, make("summary", {}, counted(without.length, "subject") + " without a case here"), make("ul", { class: "cases" }, ...without)));
  matrix.hidden = false;
  matrix.removeAttribute("aria-busy");
  const causes = drawCauses();
  document.getElementById("count").textContent = counted(causes, "root cause") + ", " + counted(shown, "subject") + ", " + counted(results, "result");
  root.dataset.state = "ready";
}
function drawCauses() {
  const places = columns();
  const text = (filter.text || "").toLowerCase(), subject = (filter.subjects || "").toLowerCase();
  const outcome = index.outcomes.find((each) => each[1] === filter.outcome);
  let shown = 0;
  for (const row of document.querySelectorAll("tr[data-cause]")) {
    const cause = Number(row.dataset.cause);
    const [, weight, rule, , letters, subjects] = index.causes[cause];
    const here = places.map((place) => letters[place]).filter((letter) => BROKEN.includes(letter));
    const wanted = here.length > 0
      && (!filter.weight || weight === filter.weight)
      && (!filter.rule || rule === filter.rule)
      && (!outcome || here.includes(outcome[0]))
      && (!text || causeText(cause).includes(text))
      && (!subject || subjects.some((each) => index.subjects[each][1].toLowerCase().includes(subject)));
    row.hidden = !wanted;
    if (wanted) shown++;
  }
  return shown;
}
function showBuild() {
  const sheet = document.styleSheets[0];
  if (root.dataset.build) sheet.deleteRule(sheet.cssRules.length - 1);
  const place = filter.build ? String(columns()[0]) : "";
  root.dataset.build = place;
  if (place) sheet.insertRule(`main [data-build]:not([data-build="${place}"]), main [data-build-row]:not([data-build-row="${place}"]) { display: none; }`, sheet.cssRules.length);
}
function apply(fields) {
  filter = {};
  for (const field of FIELDS) {
    const input = form.elements[field];
    if (!input) continue;
    input.value = fields[field] || "";
    if (input.value) filter[field] = input.value;
  }
  ruleNumber = filter.rule ? index.rules.findIndex((each) => each[0] === filter.rule) : -1;
  showBuild();
  return draw();
}

// The panel.
function list(pairs) {
  return make("dl", {}, ...pairs.filter((each) => each[1]).map(([name, told]) => make("div", {}, make("dt", {}, name), make("dd", {}, ...[told].flat()))));
}
const block = (text, kind) => make("pre", { tabindex: "0", class: kind }, text);
function show(title, ...content) {
  const close = make("button", { type: "button", onclick: leave }, "Close");
  panel.replaceChildren(make("div", { class: "top" }, make("h2", { id: "panel-title", tabindex: "-1" }, title), close), ...content.filter(Boolean));
  panel.scrollTop = 0;
  if (!panel.open) panel.showModal();
  document.getElementById("panel-title").focus();
}
function leave() {
  history.pushState(null, "", "#" + hashOf());
  panel.close();
}
async function showSubject(name) {
  const subject = index.subjects.findIndex((each) => index.kinds[each[0]] + "/" + each[1] === name || each[1] === name);
  if (subject < 0) return missing("subject", name);
  const [kind, title, , , notes] = index.subjects[subject];
  const { chunk, cases, covered } = await casesOf(subject);
  const matching = cases.filter((told) => wants(told, chunk) && columns().some((place) => letterAt(told, place)));
  const only = narrowed() && matching.length < cases.length;
  const holder = make("div");
  const shown = (list, note) => holder.replaceChildren(note, table(list, chunk));
  const all = make("button", { type: "button", onclick: () => shown(cases, "") }, "Show all " + counted(cases.length, "case"));
  const note = make("p", {}, counted(matching.length, "case") + " as the filter has it. ", all);
  if (only) shown(matching, note); else shown(cases, "");
  show(index.kinds[kind] + " " + title, ...groups(notes.map((each) => each ? [index.notes[each]] : []), "Why there is nothing to test"), ...groups(covered, "What its cases cover"), make("h3", {}, "Cases"), cases.length ? holder : make("p", {}, "None."));
}
function groups(lines, title) {
  const found = new Map();
  lines.forEach((each, place) => {
    if (!each.length) return;
    const key = each.join("\n");
    if (!found.has(key)) found.set(key, []);
    found.get(key).push(index.builds[place].name);
  });
  if (!found.size) return [];
  return [make("details", {}, make("summary", {}, title), list([...found].map(([key, names]) => [names.join(", "), make("ul", {}, ...key.split("\n").map((line) => make("li", {}, line)))])))];
}
function table(cases, chunk) {
  const places = columns().filter((place) => cases.some((told) => told[2][place] !== " "));
  const body = make("tbody");
  let aspect = -1;
  const add = (from, to) => cases.slice(from, to).forEach((told) => {
    if (told[0] !== aspect) {
      aspect = told[0];
      body.append(make("tr", { class: "kind" }, make("th", { scope: "rowgroup", colspan: places.length + 1 }, index.aspects[aspect])));
    }
    const cells = places.map((place) => {
      const letter = told[2][place].trim();
      const kind = BROKEN.includes(letter) && letter ? "x" : letter === PASSED ? "g" : letter && letter !== ALONE ? "d" : "e";
      return make("td", { class: "cell " + kind, title: letter ? outcomeWord(letter) : false }, letter);
    });
    body.append(make("tr", {}, make("th", { scope: "row" }, link("case", told[1])), ...cells));
  });
  add(0, FEW);
  const made = wide("Cases by build", make("table", { class: "matrix" }, make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "Case"), ...heads(places))), body));
  if (cases.length <= FEW) return made;
  const more = make("button", { type: "button", onclick: () => { add(FEW); more.remove(); } }, "Show " + number(cases.length - FEW) + " more");
  return make("div", {}, made, more);
}
async function findCase(id) {
  const parts = id.split("/");
  const near = [], far = [];
  index.subjects.forEach((each, place) => (parts.slice(0, 2).includes(each[1]) ? near : far).push(place));
  for (const subject of [...near, ...far]) {
    const { chunk, cases } = await casesOf(subject);
    const told = cases.find((each) => each[1] === id);
    if (told) return { subject, told, chunk };
  }
  return null;
}
async function showCase(id) {
  const found = await findCase(id);
  if (!found) return missing("case", id);
  const { subject, told, chunk } = found;
  const rules = chunk.rules[told[3]].map((each) => index.rules[each]);
  const body = make("tbody");
  index.builds.forEach((build, place) => {
    const letter = told[2][place];
    if (letter === " ") return;
    const causes = ((told[5] || []).find((each) => each[0] === place) || []).slice(1);
    const why = told[4] ? chunk.texts[told[4][place]] : "";
    const links = causes.flatMap((cause) => [make("br"), link("cause", index.causes[cause][0])]);
    body.append(make("tr", {}, make("th", { scope: "row" }, build.name), make("td", { class: BROKEN.includes(letter) ? "x" : letter === PASSED ? "good" : "" }, outcomeWord(letter)), make("td", {}, why, ...(why ? links : links.slice(1)))));
  });
  const last = index.builds.filter((_, place) => told[2][place] !== " ").pop();
  const quoted = /^[\w@%+=:,./-]+$/.test(id) ? id : "'" + id.replaceAll("'", `'"'"'`) + "'";
  show(id,
    list([
      ["Subject", [index.kinds[index.subjects[subject][0]] + " ", subjectLink(subject)]],
      ["Aspect", index.aspects[told[0]]],
      ["Rules", rules.length ? make("ul", {}, ...rules.map((each) => make("li", {}, each[0] + (each[2] && each[2] !== "must" ? " (" + each[2] + ")" : "") + (each[1] ? ": " + each[1] : "")))) : ""],
    ]),
    wide("Outcome by build", make("table", {}, make("thead", {}, make("tr", {}, ...["Build", "Outcome", "Why"].map((each) => make("th", { scope: "col" }, each)))), body)),
    ...(await dialogues(id, told[5] || [])),
    make("h3", {}, "With the suite"),
    block("qmp-conformance replay " + quoted + " " + last.spelling),
    told[5] ? null : make("p", {}, "The stream of a run keeps the dialogue of broken promises alone: this command plays the case again and shows it; `show` in place of `replay` tells what it sends and expects."));
}
async function dialogues(id, causes) {
  const found = new Map();
  for (const [place, ...numbers] of causes) {
    for (const cause of numbers) {
      const { texts, builds } = await open("cause-" + cause);
      for (const finding of builds[place].filter((each) => each[0] === id)) {
        const told = finding.slice(3, 8).map((each) => texts[each]);
        const talk = finding[8].map((each) => texts[each]).join("\n");
        const key = JSON.stringify([cause, told, talk]);
        if (!found.has(key)) found.set(key, { cause, rule: finding[2], told, talk, names: [] });
        found.get(key).names.push(index.builds[place].name);
      }
    }
  }
  return [...found.values()].map(({ cause, rule, told: [summary, expected, end, stderr, script], talk, names }) => make("article", { class: "finding" },
    make("h3", {}, summary),
    list([["Builds", names.join(", ")], ["Promised", expected], ["Rule", rule], ["Root cause", link("cause", index.causes[cause][0])], ["Process", end]]),
    ...(talk ? [make("h4", {}, "Dialogue"), block(talk, "talk")] : []),
    ...(stderr ? [make("h4", {}, "Standard error"), block(stderr)] : []),
    ...(script ? [make("h4", {}, "To see it again by hand"), block(script)] : [])));
}
async function showCause(name) {
  const cause = index.causes.findIndex((each) => each[0] === name || (name.length > 5 && each[0].startsWith(name)));
  if (cause < 0) return missing("root cause", name);
  const told = document.getElementById("cause=" + index.causes[cause][0]).cloneNode(true);
  told.removeAttribute("id");
  const { builds } = await open("cause-" + cause);
  const parts = Object.entries(builds).map(([place, findings]) => {
    const names = [...new Set(findings.map((each) => each[0]))];
    const items = make("ul", { class: "cases" });
    const add = (from, to) => items.append(...names.slice(from, to).map((each) => make("li", {}, link("case", each))));
    add(0, 20);
    const more = names.length > 20 ? make("button", { type: "button", onclick: () => { add(20); more.remove(); } }, "Show " + number(names.length - 20) + " more") : null;
    return make("details", { open: Object.keys(builds).length <= 3 ? "" : false }, make("summary", {}, index.builds[place].name + ": " + counted(names.length, "case")), items, more);
  });
  show(index.causes[cause][3], told, make("h3", {}, "Cases and their dialogues"), ...parts);
}
function missing(kind, name) {
  show("No such " + kind, make("p", {}, name + " is not on this page."));
}
async function follow() {
  const asked = parsed();
  if (FIELDS.some((field) => (asked[field] || "") !== (filter[field] || "")) && FIELDS.some((field) => asked[field])) await apply(asked);
  const kind = PANELS.find((each) => asked[each]);
  if (kind === undefined) { if (panel.open) panel.close(); return; }
  root.dataset.state = "busy";
  if (kind === "case") await showCase(asked.case);
  else if (kind === "cause") await showCause(asked.cause);
  else await showSubject(asked.subject);
  root.dataset.state = "ready";
}

function choices(name, values) {
  form.elements[name].append(...values.map(([value, text]) => make("option", { value }, text)));
}
async function begin() {
  index = await open("index");
  choices("rule", index.rules.map((each) => [each[0], each[0]]).sort((a, b) => a[0].localeCompare(b[0], "en", { numeric: true })));
  choices("outcome", index.outcomes.map((each) => [each[1], each[1]]));
  choices("weight", [...new Set(index.causes.map((each) => each[1]))].map((each) => [each, each]));
  if (form.elements.build) choices("build", index.builds.map((each) => [each.name, each.name]));
  form.hidden = false;
  let waiting;
  const changed = () => {
    const fields = Object.fromEntries(FIELDS.map((field) => [field, form.elements[field] ? form.elements[field].value : ""]));
    apply(fields);
    history.replaceState(null, "", "#" + hashOf());
  };
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", () => { root.dataset.state = "busy"; clearTimeout(waiting); waiting = setTimeout(changed, 200); });
  form.addEventListener("reset", () => { clearTimeout(waiting); setTimeout(changed); });
  panel.addEventListener("cancel", (event) => { event.preventDefault(); leave(); });
  panel.addEventListener("click", (event) => { if (event.target === panel) leave(); });
  matrix.addEventListener("click", (event) => {
    const row = event.target.closest("td") && event.target.closest("tr[data-subject]");
    if (row) location.hash = row.querySelector("a").hash;
  });
  addEventListener("hashchange", follow);
  addEventListener("popstate", () => { if (!location.hash) follow(); });
  const asked = parsed();
  await apply(asked);
  await follow();
}
begin();
})();
