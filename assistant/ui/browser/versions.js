// Draws the buttons below a question, and the box in which it is edited.
const SHAPES = {
  edit: "M4 16.5 4.6 13 13.4 4.2a1.6 1.6 0 0 1 2.3 0l.1.1a1.6 1.6 0 0 1 0 2.3L7 15.4Z",
  again: "M16 10a6 6 0 1 1-1.8-4.3M16 3.5v3h-3",
  before: "M12 5 7 10l5 5",
  behind: "M8 5l5 5-5 5",
};

const icon = (does, label, act) => iconButton(SHAPES[does], act, "icon", label);

const word = (className, text, act) => {
  const button = make("button", className, text, { type: "button" });
  button.onclick = act;
  return button;
};

const steps = (data, act) => {
  const at = data.versions.indexOf(data.number);
  const go = (by) => () => act({ do: "show", turn: data.versions[at + by] });
  const before = icon("before", data.words.before, go(-1));
  const behind = icon("behind", data.words.behind, go(1));
  before.disabled = at <= 0;
  behind.disabled = at >= data.versions.length - 1;
  const told = { "{number}": at + 1, "{total}": data.versions.length };
  const label = data.words.version.replace(/\{\w+\}/g, (place) => told[place] ?? place);
  const text = `${at + 1}/${data.versions.length}`;
  const count = make("span", "count", text, { role: "img", "aria-label": label });
  return [before, count, behind];
};

const editor = (root, data, act) => {
  const box = make("div", "edit");
  const text = make("textarea", "", "", { "aria-label": data.words.edit });
  text.value = data.question;
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
  const buttons = make("div", "buttons");
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
  if (isDrawn(root, data)) return;
  draw(root, data, (given) => setTriggerValue("act", given));
}
