// The browser's tab: it can be installed as an app, and its title says when an answer is done that
// nobody was looking at.
const manifest = (address) => {
  if (document.querySelector("link[rel=manifest]")) return;
  const link = document.createElement("link");
  // With the cookie: a server that asks for a token gives it to nobody else.
  Object.assign(link, { rel: "manifest", href: address, crossOrigin: "use-credentials" });
  document.head.append(link);
};

// Streamlit names the tab anew with each drawing: while nobody looks, what was told stands.
let watch = null;

const tell = (told) => {
  window.pinciteTitle = document.title;
  const stand = () => {
    if (document.title !== told) document.title = told;
  };
  watch?.disconnect();
  watch = new MutationObserver(stand);
  watch.observe(document.querySelector("title"), { childList: true, characterData: true, subtree: true });
  stand();
};

const restore = () => {
  if (document.hidden || !window.pinciteTitle) return;
  watch?.disconnect();
  document.title = window.pinciteTitle;
  window.pinciteTitle = "";
};

// Streamlit keeps the end of a chat in view; who is greeted reads from the beginning. The parts of
// the page come one after the other: it stays there until the person moves, ten seconds at most.
const ACTS = ["wheel", "touchstart", "pointerdown", "keydown"];
const STAY = 10000; // milliseconds

const begin = () => {
  const until = Date.now() + STAY;
  let moved = false;
  const move = () => (moved = true);
  for (const act of ACTS) document.addEventListener(act, move, { capture: true, once: true });
  const stay = () => {
    const main = document.querySelector('[data-testid="stAppScrollToBottomContainer"]');
    if (moved || Date.now() > until) return;
    if (main) main.scrollTop = 0;
    requestAnimationFrame(stay); // before it is painted elsewhere
  };
  stay();
};

export default function ({ data, parentElement }) {
  const until = drawnAnew(parentElement);
  manifest(data.manifest);
  if (data.greets && !window.pinciteGreeted) begin();
  window.pinciteGreeted = data.greets;
  const done = window.pinciteBusy && !data.busy;
  window.pinciteBusy = data.busy;
  if (done && document.hidden && !window.pinciteTitle) tell(data.done);
  document.addEventListener("visibilitychange", restore);
  return until(() => document.removeEventListener("visibilitychange", restore));
}
