// Draws the documents of a list. Names, tags and remarks are text, never markup.

const ACTS = { look: "", open: "", remove: "plain" }; // and their look

const facts = (one) => {
  const box = make("div", "document-facts", one.facts.join(" · "));
  for (const warning of one.warnings) box.append(" · ", make("span", "warning", warning));
  return box;
};

const tags = (one, words) => {
  const list = make("ul", "tags", "", { "aria-label": words.tags });
  list.append(...one.tags.map((tag) => make("li", "", tag)));
  return list;
};

const bar = (one) => {
  const box = make("div", "coverage", "", { role: "img", title: one.read, "aria-label": one.read });
  for (const [kind, size] of one.bar) {
    const part = make("span", kind);
    part.style.flexGrow = size;
    box.append(part);
  }
  return box;
};

const about = (one, words) => {
  const box = make("div", "about");
  box.append(make("div", "document-name", one.name), facts(one));
  if (one.tags.length) box.append(tags(one, words));
  if (one.bar.length) box.append(bar(one));
  return box;
};

const button = (does, one, words, act) => {
  const label = `${words[does]}: ${one.name}`;
  const made = make("button", ACTS[does], words[does], { type: "button", "aria-label": label });
  made.dataset.id = `${does} ${one.document}`;
  made.onclick = () => act({ do: does, document: one.document, page: 1 });
  if (does === "look") made.setAttribute("aria-expanded", String(Boolean(one.looked)));
  return made;
};

const box = (one, words, picks, act) => {
  const label = words.select.replace("{document}", () => one.name);
  const made = make("input", "", "", { type: "checkbox", "aria-label": label });
  made.checked = picks[one.document] ?? one.picked;
  made.dataset.id = `pick ${one.document}`;
  made.onchange = () => {
    picks[one.document] = made.checked;
    act({ do: "pick", document: one.document, page: 1 });
  };
  return made;
};

const looked = (one, act) => {
  const list = make("div", "remarks");
  for (const [page, told] of one.looked.pages) {
    const made = make("button", "plain", told, { type: "button" });
    made.onclick = () => act({ do: "open", document: one.document, page });
    list.append(made);
  }
  if (one.looked.note) list.append(make("div", "document-facts", one.looked.note));
  return list;
};

const row = (one, data, picks, act) => {
  const made = make("li", "document-row");
  const acts = make("div", "acts");
  const there = { look: one.checked, open: true, remove: data.changes };
  acts.append(...Object.keys(ACTS).filter((does) => there[does])
    .map((does) => button(does, one, data.words, act)));
  if (data.several) made.append(box(one, data.words, picks, act));
  made.append(about(one, data.words), acts);
  if (one.looked) made.append(looked(one, act));
  return made;
};

// The ticks that the rows do not show yet. Of clicks that come while the page is drawn Streamlit takes
// the last one: each brings all of them.
const waiting = (picks, rows) => Object.fromEntries(
  rows.filter((one) => (picks[one.document] ?? one.picked) !== one.picked)
    .map((one) => [one.document, picks[one.document]]));

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".document-rows");
  if (isDrawn(root, data)) return;
  root.setAttribute("aria-label", data.words.documents);
  const picks = root.picks = waiting(root.picks ?? {}, data.rows);
  const act = (given) => setTriggerValue("act", { ...given, picks });
  const focused = root.contains(document.activeElement) && document.activeElement.dataset.id;
  root.replaceChildren(...data.rows.map((one) => row(one, data, picks, act)));
  if (focused) root.querySelector(`[data-id="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
}
