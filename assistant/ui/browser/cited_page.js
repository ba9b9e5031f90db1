// Says what the panel is, brings the cited lines into view, and goes back one step on Escape: from
// the whole window to the panel, from the panel to the mark that opened it.

const panelOf = () => document.querySelector(".st-key-page");

// The mark of an answer, or the cell of a sheet, stands in the shadow tree of its component.
const markOf = (source) => {
  const [, part, mark] = source.match(/^([^/]*)\/(.*)$/s) ?? []; // names of documents have slashes
  const drawn = part ? [...document.querySelectorAll(`.st-key-${CSS.escape(part)} *`)] : [];
  const root = drawn.find((element) => element.shadowRoot)?.shadowRoot ?? document;
  return mark && root.querySelector(`[data-id="${CSS.escape(mark)}"]`);
};

const showLines = (panel, data) => {
  const middle = (top) => {
    const lines = panel.scrollTop + top - panel.getBoundingClientRect().top;
    panel.scrollTo({ top: Math.max(0, lines - 0.4 * panel.clientHeight) });
  };
  const frame = panel.querySelector(".st-key-page-image");
  const toLines = () => {
    const image = frame.querySelector("img");
    const found = panel.querySelector("mark.here");
    if (found) found.scrollIntoView({ block: "center", inline: "center" });
    if (found || !image?.clientHeight) return;
    const { top, height, width } = image.getBoundingClientRect();
    middle(top + data.at * height);
    frame.scrollTo({ left: Math.max(0, data.left * width - 16) });
  };
  // The picture may come later than this, and its size once more when the panel was measured.
  const observer = new ResizeObserver(toLines);
  if (frame) observer.observe(frame);
  else {
    const mark = panel.querySelector(".text-page .cited");
    if (mark) middle(mark.getBoundingClientRect().top);
  }
  return observer;
};

// What lies over the page closes first.
const ABOVE = '[data-testid="stPopoverBody"], [data-testid="stDialog"], dialog[open]';

let focused = ""; // the source for which the panel took the focus: turning pages leaves it alone

// Gives the focus back to the mark once the panel has closed, however long that takes on a busy
// machine. Another page may open meanwhile, or the same one is only drawn again. A mark that does not
// come soon is on a page that the visitor has left: later it would take the keyboard from them.
let waiting = 0;
const giveBack = (source, tries) => {
  const open = panelOf();
  const mark = open ? null : markOf(source);
  if (mark || !tries) {
    focused = "";
    mark?.focus();
  } else waiting = setTimeout(giveBack, 50, source, open ? tries : tries - 1);
};

export default function ({ data, parentElement, setTriggerValue }) {
  const until = drawnAnew(parentElement);
  const panel = panelOf();
  if (!panel) return undefined;
  clearTimeout(waiting);
  makeRegion(panel, data.name);
  panel.dataset.large = String(data.large);
  panel.dataset.source = data.source;
  const observer = showLines(panel, data);
  // Who goes from one citation to the next stays at the button.
  if (focused !== data.source && !panel.contains(document.activeElement)) {
    panel.focus({ preventScroll: true });
  }
  focused = data.source;
  let large = data.large;
  const onKey = (event) => {
    if (event.key !== "Escape" || document.querySelector(ABOVE)) return;
    setTriggerValue(large ? "smaller" : "close", true);
    large = false; // the next Escape may come before the panel is drawn smaller
  };
  document.addEventListener("keydown", onKey);
  return until(() => {
    observer.disconnect();
    document.removeEventListener("keydown", onKey);
    waiting = setTimeout(giveBack, 50, data.source, 60);
  });
}
