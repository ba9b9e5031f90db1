// The tools above a page: they change how it is shown, and leave the rest of the app alone.
const STEP = 1.25;
const LEAST = 0.5;
const MOST = 4;
const SHARP_FROM = 1.3; // from here on a picture with more points is asked for
const PAUSE = 250; // milliseconds after the last letter, before the other pages are searched
const SHAPES = {
  previous: "M12 4 6 10l6 6",
  next: "M8 4l6 6-6 6",
  out: "M5 10h10",
  in: "M5 10h10M10 5v10",
  more: "M4 10h.01M10 10h.01M16 10h.01",
  close: "M5 5l10 10M15 5 5 15",
};
const KEYS = {
  "-": "out", "+": "in", "=": "in", 0: "fit", r: "turn", t: "text", m: "strip", p: "before", n: "behind",
};
const ZOOMS = ["out", "in"]; // for pages with a picture
const MENU = ["before", "behind", "fit", "turn", "text", "strip"];

// How pages are shown; kept when the app is drawn again, and for the next page. `goal` is the place
// that is to be pointed to when its page has come, counted from its last one when it is negative.
const view = { zoom: 1, turn: 0, text: false, sought: "", at: 0, places: [], page: "", drawn: null, goal: null };

const filled = (text, number, total) =>
  text.replace("{number}", number).replace("{total}", total);

const build = (root, now) => {
  const parts = {};
  for (const name of Object.keys(SHAPES)) parts[name] = iconButton(SHAPES[name], () => now.act(name));
  parts.find = make("input", "", "", { type: "search", autocomplete: "off", spellcheck: "false" });
  parts.find.oninput = () => now.find(parts.find.value);
  parts.find.onkeydown = (event) => {
    if (event.key === "Enter") now.next(event.shiftKey ? -1 : 1);
    if (event.key === "ArrowDown") root.list.querySelector('[tabindex="0"]')?.focus();
    if (event.key === "Escape" && parts.find.value) {
      event.stopPropagation(); // else it would close the page
      parts.find.value = "";
      now.find("");
    }
  };
  parts.count = make("span", "count", "", { role: "status" });
  menuButton(parts.more, () => now.menu());
  root.append(...["previous", "next", "find", "count", "out", "in", "more", "close"].map((name) => parts[name]));
  root.list.onkeydown = (event) => walkButtons(event, STEPS);
  return parts;
};

// What is wider than the panel is moved by the arrow keys, too.
const reach = (frame, name) => {
  const wide = frame.scrollWidth > frame.clientWidth + 1;
  const given = wide ? { tabindex: "0", role: "group", "aria-label": name } : {};
  for (const attribute of ["tabindex", "role", "aria-label"]) {
    const now = given[attribute] ?? null;
    if (frame.getAttribute(attribute) === now) continue;
    if (now === null) frame.removeAttribute(attribute);
    else frame.setAttribute(attribute, now);
  }
};

// The picture, the panel and the style of a narrow window come when they come.
const widths = new ResizeObserver((changed) => changed.forEach(({ target }) => {
  const frame = target.closest('[class*="st-key-page-image"]');
  if (frame) reach(frame, frame.querySelector("img")?.alt ?? "");
}));

const arrange = (frame, box, data) => {
  frame.style.setProperty("--zoom", view.zoom);
  box.dataset.turn = view.turn;
  box.style.setProperty("--across", data.width / data.height);
  box.style.setProperty("--page", `${data.width} / ${data.height}`);
  box.style.setProperty("--turned", `${data.height} / ${data.width}`);
  box.querySelector(".text-layer")?.classList.toggle("seen", view.text);
  for (const part of [frame, box]) widths.observe(part);
};

// What belongs to the words that are sought now: an answer to earlier ones may come late.
const foundOf = (data) => (data.found?.sought === view.sought.trim() ? data.found : null);

const label = (root, parts, data) => {
  const { words } = data;
  for (const [name, part] of Object.entries(parts)) {
    if (!words[name]) continue;
    part.setAttribute("aria-label", words[name]);
    part.title = words[name];
  }
  for (const name of ZOOMS) parts[name].hidden = !data.layers.length;
  for (const name of ["previous", "next"]) parts[name].hidden = data.pages < 2;
  parts.previous.disabled = data.number <= 1;
  parts.next.disabled = data.number >= data.pages;
  parts.find.placeholder = words.find;
  const found = foundOf(data);
  parts.count.textContent = view.sought.trim() ? told(data, found) : "";
  const here = found ? found.places.findIndex(([p, n]) => p === data.number && n === view.at) : -1;
  showFound(root.list, found, here, words, root.now.open);
};

const told = ({ number, words }, found) => {
  const here = view.places.length;
  if (!found) return here ? filled(words.found, view.at + 1, here) : words.none;
  const before = found.pages.filter(([page]) => page < number).reduce((sum, [, n]) => sum + n, 0);
  if (!found.total) return words.none;
  if (here) return filled(words.found, Math.min(before + view.at + 1, found.total), found.total);
  return filled(words.elsewhere, 0, found.total);
};

// The page with places behind this one, or before it; after the last comes the first.
const nextPage = (pages, number, step) => {
  const others = pages.map(([page]) => page).filter((page) => page !== number);
  const ahead = others.filter((page) => (step > 0 ? page > number : page < number));
  const from = ahead.length ? ahead : others;
  return step > 0 ? from[0] : from.at(-1);
};

export default function ({ data, parentElement, setTriggerValue }) {
  const until = drawnAnew(parentElement);
  const root = parentElement.querySelector(".tools");
  const panel = document.querySelector(".st-key-page");
  if (!root || !panel) return undefined;
  root.setAttribute("aria-label", data.words.tools);
  root.list ??= parentElement.querySelector(".found");
  root.list.setAttribute("aria-label", data.words.list);
  const now = root.now ?? (root.now = {});
  if (view.document !== data.document) Object.assign(view, { document: data.document, sought: "", at: 0, places: [] });
  if (!root.parts) {
    root.parts = build(root, now);
    view.page = ""; // opened again, a page shows its citation, not what was sought in it before
  }
  const { parts } = root;

  const placesHere = () => {
    const layer = panel.querySelector(".text-layer");
    const text = panel.querySelector(".text-page");
    if (data.layers.length) return layer ? findInLayer(layer, view.sought) : [];
    return text ? findInText(text, view.sought) : [];
  };
  const point = () => {
    view.pointed = true;
    pointTo(view.places, view.at);
    label(root, parts, data);
  };
  const show = () => {
    const boxes = framesOf().map(boxIn);
    const [layer] = data.layers.map((each, at) => boxes[at] && layText(each, boxes[at]));
    const text = panel.querySelector(`.text-page[data-number="${data.number}"]`);
    const drawn = data.layers.length ? layer : text;
    // Streamlit may replace the picture or the text of a page after the tools were drawn: what was
    // marked in it is gone then.
    if (drawn && (view.page !== data.page || view.drawn !== drawn)) arrive(drawn);
    framesOf().forEach((frame, at) => boxes[at] && data.layers[at] && arrange(frame, boxes[at], data.layers[at]));
    label(root, parts, data);
  };
  const arrive = (drawn) => {
    if (view.page !== data.page) {
      Object.assign(view, { page: data.page, turn: 0, at: view.goal ?? 0, pointed: view.goal !== null, goal: null });
    }
    Object.assign(view, { drawn, places: placesHere() });
    const last = Math.max(view.places.length - 1, 0);
    view.at = view.at < 0 ? last : Math.min(view.at, last);
    if (view.pointed) point();
  };
  now.find = (sought) => {
    Object.assign(view, { sought, at: 0 });
    view.places = placesHere();
    point();
    clearTimeout(root.pause);
    if (data.pages > 1) root.pause = setTimeout(() => now.ask(sought.trim()), PAUSE);
  };
  now.ask = (sought) => setTriggerValue("sought", { text: sought });
  now.open = (page, number) => {
    if (page === data.number) {
      view.at = Math.min(number, view.places.length - 1);
      point();
      return;
    }
    view.goal = number;
    setTriggerValue("page", page);
  };
  now.next = (step) => {
    const next = view.at + step;
    const other = nextPage(foundOf(data)?.pages ?? [], data.number, step);
    if (other && !view.places[next]) {
      now.open(other, step > 0 ? 0 : -1);
      return;
    }
    const count = view.places.length;
    if (count) view.at = (next + count) % count;
    point();
  };
  const zoom = (to) => {
    view.zoom = Math.min(MOST, Math.max(LEAST, to));
    if (view.zoom >= SHARP_FROM && !data.sharp) setTriggerValue("sharp", true);
  };
  const able = (name) => ({ before: data.of > 1, behind: data.of > 1, strip: data.pages > 1 })[name] ?? data.layers.length;
  now.act = (name) => {
    if (name === "previous") setTriggerValue("page", data.number - 1);
    if (name === "next") setTriggerValue("page", data.number + 1);
    if (name === "close") setTriggerValue("close", true);
    if (name === "in") zoom(view.zoom * STEP);
    if (name === "out") zoom(view.zoom / STEP);
    if (name === "fit") zoom(1);
    if (name === "turn") view.turn = (view.turn + 1) % 4;
    if (name === "text") view.text = !view.text;
    if (name === "strip") setTriggerValue("strip", { shown: !data.strip });
    if (name === "before") setTriggerValue("go", -1);
    if (name === "behind") setTriggerValue("go", 1);
    show();
  };
  now.menu = () => {
    const on = { text: view.text, strip: data.strip };
    const { large, words } = data;
    const others = data.beside
      ? [{ label: words.alone, act: () => setTriggerValue("alone", true) }]
      : data.others.map((page, at) => (
        { label: words.compare.replace("{page}", page), act: () => setTriggerValue("beside", { at }) }));
    return [
      ...MENU.filter(able).map((name) => ({ label: words[name], act: () => now.act(name), on: on[name] })),
      { label: words[large ? "smaller" : "larger"], act: () => setTriggerValue("large", { large: !large }) },
      ...others,
    ];
  };
  if (root.getRootNode().activeElement !== parts.find) parts.find.value = view.sought;
  show();

  const onKey = (event) => {
    const name = KEYS[event.key.toLowerCase()];
    if (!name || event.ctrlKey || event.metaKey || event.altKey || isField(event.composedPath()[0])) return;
    if (!panel.contains(document.activeElement) || !able(name)) return;
    event.preventDefault();
    now.act(name);
  };
  const onWheel = (event) => {
    if (!event.ctrlKey || !framesOf().some((frame) => frame.contains(event.target))) return;
    event.preventDefault();
    zoom(view.zoom * (event.deltaY < 0 ? STEP : 1 / STEP));
    show();
  };
  // The picture comes later than this, and again with more points.
  const arrivals = new MutationObserver(show);
  arrivals.observe(panel, { childList: true, subtree: true });
  document.addEventListener("keydown", onKey, true); // R goes no further: see redraws
  panel.addEventListener("wheel", onWheel, { passive: false });
  return until(() => {
    arrivals.disconnect();
    document.removeEventListener("keydown", onKey, true);
    panel.removeEventListener("wheel", onWheel);
  });
}
