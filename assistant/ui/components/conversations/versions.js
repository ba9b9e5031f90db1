// Draws the buttons below a question, and the box in which it is edited.
const SVG = "http://www.w3.org/2000/svg";
const SHAPES = {
  edit: "M4 16.5 4.6 13 13.4 4.2a1.6 1.6 0 0 1 2.3 0l.1.1a1.6 1.6 0 0 1 0 2.3L7 15.4Z",
  again: "M16 10a6 6 0 1 1-1.8-4.3M16 3.5v3h-3",
  before: "M12 5 7 10l5 5",
  behind: "M8 5l5 5-5 5",
};

const icon = (does, label, act) => {
  const button = document.createElement("button");
  Object.assign(button, { type: "button", className: "icon", title: label, onclick: act });
  button.setAttribute("aria-label", label);
  const drawn = document.createElementNS(SVG, "svg");
  drawn.setAttribute("viewBox", "0 0 20 20");
  drawn.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", SHAPES[does]);
  drawn.append(path);
  button.append(drawn);
  return button;
};

const word = (className, text, act) => {
  const button = document.createElement("button");
  Object.assign(button, { type: "button", className, textContent: text, onclick: act });
  return button;
};

const steps = (data, act) => {
  const at = data.versions.indexOf(data.number);
  const go = (by) => () => act({ do: "show", turn: data.versions[at + by] });
  const before = icon("before", data.words.before, go(-1));
  const behind = icon("behind", data.words.behind, go(1));
  before.disabled = at <= 0;
  behind.disabled = at >= data.versions.length - 1;
  const count = document.createElement("span");
  Object.assign(count, { className: "count", textContent: `${at + 1}/${data.versions.length}` });
  const told = { "{number}": at + 1, "{total}": data.versions.length };
  count.setAttribute("role", "img");
  const label = data.words.version.replace(/\{\w+\}/g, (place) => told[place] ?? place);
  count.setAttribute("aria-label", label);
  return [before, count, behind];
};

const editor = (root, data, act) => {
  const box = document.createElement("div");
  box.className = "edit";
  const text = document.createElement("textarea");
  text.value = data.question;
  text.setAttribute("aria-label", data.words.edit);
  const send = () => text.value.trim() && act({ do: "ask", text: text.value });
  const close = () => {
    draw(root, data, act);
    root.querySelector(".icon")?.focus();
  };
  text.onkeydown = (event) => {
    event.stopPropagation();
    if (event.key === "Escape") close();
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    send();
  };
  const buttons = document.createElement("div");
  buttons.className = "buttons";
  buttons.append(word("", data.words.cancel, close), word("send", data.words.send, send));
  box.append(text, buttons);
  root.replaceChildren(box);
  text.focus();
};

const draw = (root, data, act) => {
  const parts = data.versions.length > 1 ? steps(data, act) : [];
  if (data.question) parts.push(icon("edit", data.words.edit, () => editor(root, data, act)));
  parts.push(icon("again", data.words.again, () => act({ do: "again" })));
  root.replaceChildren(...parts);
};

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".versions");
  const state = JSON.stringify(data);
  if (root.dataset.state === state) return;
  root.dataset.state = state;
  draw(root, data, (given) => setTriggerValue("act", given));
}
