// Draws the conversations of the sidebar. Titles and excerpts are text, never markup.

const PAUSE = 250; // milliseconds after the last letter of a search

const moreButton = (row, act, words) => {
  const label = words[row.folder ? "more-folder" : "more"].replace("{title}", row.title);
  const named = row.folder
    ? [["rename-folder", "rename"], ["delete-folder", "delete"]]
    : [["rename", "rename"], ["move", "move"], ["pin", row.pinned ? "unpin" : "pin"], ["save", "save"], ["delete", "delete"]];
  const more = make("button", "more", "⋯", { type: "button", "aria-label": label });
  more.dataset.key = `more-${row.folder ?? row.id}`;
  return menuButton(more, () => named.map(([does, word]) => ({
    label: words[word],
    act: () => act({ do: does, id: row.folder ?? row.id, on: !row.pinned }),
  })));
};

const line = (row, act, words) => {
  const box = make("div", "line");
  const name = make("button", "name", row.title, { type: "button", title: row.title });
  if (row.library) name.append(" ", make("span", "library", row.library));
  name.onclick = () => act({ do: "open", id: row.id, turn: row.turn ?? 0 });
  box.append(name, moreButton(row, act, words));
  return box;
};

const item = (row, act, data) => {
  const element = make("li", row.id === data.open ? "open" : "");
  element.append(line(row, act, data.words));
  if (row.id === data.open) element.querySelector(".name").setAttribute("aria-current", "true");
  if (row.excerpt?.[1]) {
    const [before, found, behind] = row.excerpt;
    const text = make("div", "excerpt", before);
    text.append(make("mark", "", found), behind);
    element.append(text);
  }
  return element;
};

const folder = (one, act, data) => {
  const box = make("section", "folder");
  const head = make("div", "line");
  const name = make("button", "name", one.title, {
    type: "button", title: one.title, "aria-expanded": String(!one.collapsed),
  });
  name.append(" ", make("span", "library", String(one.count)));
  name.dataset.key = `folder-${one.folder}`;
  name.onclick = () => act({ do: "fold", id: one.folder, on: !one.collapsed });
  head.append(name, moreButton(one, act, data.words));
  const list = make("ul", "");
  list.setAttribute("aria-label", one.title);
  list.append(...one.rows.map((row) => item(row, act, data)));
  box.append(head, ...(one.rows.length ? [list] : []));
  return box;
};

const group = (one, act, data) => {
  if (one.folder) return [folder(one, act, data)];
  const title = make("div", "day", one.title);
  const list = make("ul", "");
  list.setAttribute("aria-label", one.title);
  list.append(...one.rows.map((row) => item(row, act, data)));
  return [title, list];
};

const search = (root, act, data) => {
  const label = data.words.search;
  const box = make("input", "search", "", { type: "search", placeholder: label, "aria-label": label });
  box.value = data.sought;
  box.oninput = () => {
    clearTimeout(root.waiting);
    root.waiting = setTimeout(() => act({ do: "find", text: box.value.trim() }), PAUSE);
  };
  return box;
};

// The arrows go from one conversation to the next.
const step = (root) => (event) => {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const names = [...root.querySelectorAll(".search, .name")];
  const at = names.indexOf(root.getRootNode().activeElement);
  if (!by || at < 0) return;
  event.preventDefault();
  names[at + by]?.focus();
};

const drawList = (root, act, data) => {
  const list = make("div", "list");
  list.append(...data.groups.flatMap((one) => group(one, act, data)));
  if (data.older) {
    const older = make("button", "older", data.more, { type: "button" });
    older.onclick = () => act({ do: "all" });
    list.append(older);
  }
  if (!data.sought) {
    const made = make("button", "older", data.words["new-folder"], { type: "button" });
    made.onclick = () => act({ do: "new-folder", id: "" });
    list.append(made);
  }
  const before = root.querySelector(".list");
  const top = before?.scrollTop ?? 0;
  const focused = root.getRootNode().activeElement?.dataset.key;
  before?.remove();
  root.append(list);
  if (focused) list.querySelector(`[data-key="${focused}"]`)?.focus();
  list.scrollTop = top;
};

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".conversations");
  if (isDrawn(root, data)) return;
  const act = (given) => setTriggerValue("act", given);
  root.setAttribute("aria-label", data.words.conversations);
  root.onkeydown = step(root);
  // It stays, with the letters that are being typed into it.
  if (!root.querySelector(".search")) root.append(search(root, act, data));
  whenClosed(root, () => drawList(root, act, data));
}
