// The tools above a page: they change how it is shown, and leave the rest of the app alone.
const SVG = "http://www.w3.org/2000/svg";
const STEP = 1.25;
const LEAST = 0.5;
const MOST = 4;
const SHARP_FROM = 1.3; // from here on a picture with more points is asked for
const SHAPES = {
  out: "M5 10h10",
  in: "M5 10h10M10 5v10",
  fit: "M3 6v8M17 6v8M6 10h8M8 8l-2 2 2 2M12 8l2 2-2 2",
  turn: "M15.5 6.5A6.5 6.5 0 1 0 16.5 10M16 3v4h-4",
  text: "M4 5h12M10 5v11M7.5 16h5",
  before: "M10 4 5 10l5 6M16 4l-5 6 5 6",
  behind: "M10 4l5 6-5 6M4 4l5 6-5 6",
};
const KEYS = { "-": "out", "+": "in", "=": "in", 0: "fit", r: "turn", t: "text", p: "before", n: "behind" };

// How pages are shown; kept when the app is drawn again, and for the next page.
const view = { zoom: 1, turn: 0, text: false, sought: "", at: 0, marks: [], page: "" };

const filled = (text, number, total) =>
  text.replace("{number}", number).replace("{total}", total);

const build = (root, now) => {
  const parts = {};
  for (const name of ["out", "in", "fit", "turn", "text"]) parts[name] = iconButton(name, now);
  parts.find = document.createElement("input");
  Object.assign(parts.find, { type: "search", autocomplete: "off", spellcheck: false });
  parts.find.oninput = () => now.find(parts.find.value);
  parts.find.onkeydown = (event) => {
    if (event.key === "Enter") now.next(event.shiftKey ? -1 : 1);
    if (event.key === "Escape" && parts.find.value) {
      event.stopPropagation(); // else it would close the page
      parts.find.value = "";
      now.find("");
    }
  };
  parts.count = document.createElement("span");
  parts.count.className = "count";
  parts.count.setAttribute("role", "status");
  parts.before = iconButton("before", now);
  parts.citation = document.createElement("span");
  parts.citation.className = "count";
  parts.behind = iconButton("behind", now);
  root.append(...Object.values(parts));
  return parts;
};

const iconButton = (name, now) => {
  const button = document.createElement("button");
  button.type = "button";
  button.onclick = () => now.act(name);
  const drawn = document.createElementNS(SVG, "svg");
  drawn.setAttribute("viewBox", "0 0 20 20");
  drawn.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", SHAPES[name]);
  drawn.append(path);
  button.append(drawn);
  return button;
};

const arrange = (data) => {
  const frame = frameOf();
  const box = boxOf();
  if (!frame || !box) return;
  frame.style.setProperty("--zoom", view.zoom);
  box.dataset.turn = view.turn;
  box.style.setProperty("--across", data.width / data.height);
  box.style.setProperty("--page", `${data.width} / ${data.height}`);
  box.style.setProperty("--turned", `${data.height} / ${data.width}`);
  box.querySelector(".text-layer")?.classList.toggle("seen", view.text);
};

const label = (parts, data) => {
  const { words } = data;
  const drawn = Boolean(data.width);
  for (const [name, part] of Object.entries(parts)) {
    if (!words[name] || name === "citation") continue;
    part.setAttribute("aria-label", words[name]);
    part.title = words[name];
    part.hidden = ["before", "behind"].includes(name) ? data.of < 2 : !drawn;
  }
  parts.find.placeholder = words.find;
  parts.text.setAttribute("aria-pressed", String(view.text));
  parts.citation.hidden = data.of < 2;
  parts.citation.textContent = data.at < 0 ? `${data.of}` : `${data.at + 1}/${data.of}`;
  parts.citation.setAttribute("role", "img");
  parts.citation.setAttribute("aria-label", filled(words.citation, data.at + 1, data.of));
  const { marks, at } = view;
  const told = marks.length ? filled(words.found, at + 1, marks.length) : words.none;
  parts.count.textContent = view.sought.trim() ? told : "";
};

const typing = (event) =>
  event.composedPath()[0]?.matches?.("input, textarea, select, [contenteditable=true]");

export default function ({ data, parentElement, setTriggerValue }) {
  const until = drawnAnew(parentElement);
  const root = parentElement.querySelector(".tools");
  const panel = document.querySelector(".st-key-page");
  if (!root || !panel) return undefined;
  root.setAttribute("aria-label", data.words.tools);
  const now = root.now ?? (root.now = {});
  const parts = root.parts ?? (root.parts = build(root, now));

  const show = () => {
    const layer = layText(data);
    if (layer && view.page !== data.page) {
      Object.assign(view, { page: data.page, turn: 0, at: 0 });
      view.marks = findIn(layer, view.sought);
    }
    arrange(data);
    label(parts, data);
  };
  const point = () => {
    view.marks.forEach((mark, at) => mark.classList.toggle("here", at === view.at));
    view.marks[view.at]?.scrollIntoView({ block: "center", inline: "nearest" });
    label(parts, data);
  };
  now.find = (sought) => {
    const layer = layText(data);
    if (!layer) return;
    Object.assign(view, { sought, at: 0, marks: findIn(layer, sought) });
    point();
  };
  now.next = (step) => {
    const count = view.marks.length;
    if (count) view.at = (view.at + step + count) % count;
    point();
  };
  const zoom = (to) => {
    view.zoom = Math.min(MOST, Math.max(LEAST, to));
    if (view.zoom >= SHARP_FROM && !data.sharp) setTriggerValue("sharp", true);
  };
  now.act = (name) => {
    if (name === "in") zoom(view.zoom * STEP);
    if (name === "out") zoom(view.zoom / STEP);
    if (name === "fit") zoom(1);
    if (name === "turn") view.turn = (view.turn + 1) % 4;
    if (name === "text") view.text = !view.text;
    if (name === "before" && data.of > 1) setTriggerValue("go", -1);
    if (name === "behind" && data.of > 1) setTriggerValue("go", 1);
    show();
  };
  parts.find.value = view.sought;
  show();

  const onKey = (event) => {
    const name = KEYS[event.key.toLowerCase()];
    if (!name || event.ctrlKey || event.metaKey || event.altKey || typing(event)) return;
    if (!panel.contains(document.activeElement)) return;
    event.preventDefault();
    now.act(name);
  };
  const onWheel = (event) => {
    if (!event.ctrlKey || !frameOf()?.contains(event.target)) return;
    event.preventDefault();
    zoom(view.zoom * (event.deltaY < 0 ? STEP : 1 / STEP));
    arrange(data);
  };
  // The picture comes later than this, and again with more points.
  const arrivals = new MutationObserver(show);
  arrivals.observe(panel, { childList: true, subtree: true });
  document.addEventListener("keydown", onKey);
  panel.addEventListener("wheel", onWheel, { passive: false });
  return until(() => {
    arrivals.disconnect();
    document.removeEventListener("keydown", onKey);
    panel.removeEventListener("wheel", onWheel);
  });
}
