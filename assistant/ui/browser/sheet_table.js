// Draws a sheet as a table. What documents say goes through textContent.

const filled = (cell, open, words) => {
  if (!cell) return make("td", "", "", { "aria-label": words.waiting });
  const box = make("td", cell.state);
  const button = make("button", "", "", { type: "button" });
  button.append(make("span", "", cell.text)); // a long one is cut; all of it is told above
  if (cell.place) button.title = cell.place;
  const spoken = { doubtful: `${cell.text}, ${words.doubtful}`, empty: words.empty }[cell.state];
  if (spoken) button.setAttribute("aria-label", spoken);
  button.onclick = open;
  box.append(button);
  return box;
};

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".sheet");
  if (isDrawn(root, data)) return;
  makeRegion(root, data.words.sheet);
  const table = make("table", "");
  const head = make("tr", "");
  const heads = [data.words.document, ...data.heads];
  head.append(...heads.map((text) => make("th", "", text, { scope: "col" })));
  const body = make("tbody", "");
  for (const row of data.rows) {
    const line = make("tr", "");
    line.append(make("th", "", row.name, { scope: "row" }));
    row.cells.forEach((cell, at) => {
      const open = () => setTriggerValue("open", [row.document, data.heads[at]]);
      const box = filled(cell, open, data.words);
      if (box.firstChild) box.firstChild.dataset.id = `${row.document}/${data.heads[at]}`;
      line.append(box);
    });
    body.append(line);
  }
  const top = make("thead", "");
  top.append(head);
  table.append(top, body);
  const [x, y] = [root.scrollLeft, root.scrollTop];
  // Each cell that comes in draws the table anew: the keyboard stays where it was.
  const focused = root.contains(root.getRootNode().activeElement) && root.getRootNode().activeElement.dataset.id;
  root.replaceChildren(table);
  root.scrollTo(x, y);
  if (focused) root.querySelector(`[data-id="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
}
