"use strict";

const at = (id) => document.getElementById(id);

function make(tag, text, className) {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  if (className) element.className = className;
  return element;
}

function addRow(body, cells) {
  const row = make("tr");
  for (const cell of cells) row.append(cell instanceof Node ? cell : make("td", cell));
  body.append(row);
}

function kindOf(field) {
  // a protected column may hold anything
  if (!field.type) return "not used";
  if (field.type.includes("integer")) return "reference";
  if (field.type.includes("number")) return "number";
  if (field.format === "date") return "date";
  return field.type.includes("boolean") ? "yes/no" : "category";
}

// a field without limits of its own may hold any double
function limitsOf(field) {
  if (field.maxLength) return `at most ${field.maxLength} characters`;
  const least = field.minimum > -Number.MAX_VALUE ? `at least ${field.minimum}` : "";
  const most = field.maximum < Number.MAX_VALUE ? `at most ${field.maximum}` : "";
  return [least, most].filter(Boolean).join(", ");
}

function showFields(applicant) {
  for (const [name, field] of Object.entries(applicant.properties)) {
    const cell = make("td");
    cell.append(make("code", name));
    const labels = Object.entries(field["x-labels"] || {}).map(([language, text]) => `${text} (${language})`);
    const missing = !field.type || field.type.includes("null") ? "yes" : "no, required";
    const example = JSON.stringify(applicant.example[name]);
    addRow(at("fields"), [cell, labels.join(", "), kindOf(field), missing, showCategories(field), example ?? ""]);
  }
}

function showCategories(field) {
  const categories = field["x-categories"] || [];
  const cell = make("td");
  const limits = limitsOf(field);
  if (limits) {
    cell.textContent = limits;
    return cell;
  }
  if (categories.length <= 8) {
    cell.textContent = categories.join(", ");
    return cell;
  }
  const details = make("details");
  details.append(make("summary", `${categories.length} categories`), categories.join(", "));
  cell.append(details);
  return cell;
}

function showOperations(paths) {
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const details = make("details");
      const summary = make("summary");
      summary.append(make("span", method.toUpperCase(), "method"), make("code", path), ` ${operation.summary}`);
      details.append(summary);
      for (const parameter of operation.parameters || []) {
        details.append(make("p", `${parameter.name} (${parameter.in}): ${parameter.description}`));
      }
      showBodies(details, operation.requestBody);
      const table = make("table");
      for (const [status, answer] of Object.entries(operation.responses)) {
        addRow(table, [status, answer.description]);
      }
      details.append(table);
      at("operations").append(details);
    }
  }
}

function showBodies(details, body) {
  for (const [mediaType, content] of Object.entries(body?.content || {})) {
    details.append(make("p", mediaType));
    for (const [name, example] of Object.entries(content.examples || {})) {
      const inner = make("details");
      inner.append(make("summary", `Example: ${name}`), make("pre", JSON.stringify(example.value, null, 1)));
      details.append(inner);
    }
  }
}

function showSchemas(schemas) {
  for (const [name, schema] of Object.entries(schemas)) {
    const details = make("details");
    details.append(make("summary", name), make("pre", JSON.stringify(schema, null, 1)));
    at("schemas").append(details);
  }
}

async function send() {
  at("answer").textContent = "...";
  try {
    const path = at("explain").checked ? "predict?explain=true" : "predict";
    const headers = { "Content-Type": "application/json" };
    const answer = await fetch(path, { method: "POST", headers, body: at("applicant").value });
    at("answer").textContent = `${answer.status}\n${JSON.stringify(await answer.json(), null, 1)}`;
  } catch (error) {
    at("answer").textContent = "The server did not answer.";
  }
}

async function show() {
  const answer = await fetch("openapi.json");
  const page = await answer.json();
  if (!answer.ok) {
    at("description").textContent = page.error.message;
    return;
  }
  at("version").textContent = `model version ${page.info["x-model-version"]}, API version ${page.info.version}`;
  at("description").textContent = page.info.description;
  const applicant = page.components.schemas.Applicant;
  at("applicant").value = JSON.stringify(applicant.example, null, 1);
  at("send").addEventListener("click", send);
  showFields(applicant);
  showOperations(page.paths);
  showSchemas(page.components.schemas);
}

show();
