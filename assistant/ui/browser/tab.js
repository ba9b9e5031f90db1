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

export default function ({ data, parentElement }) {
  const until = drawnAnew(parentElement);
  manifest(data.manifest);
  const done = window.pinciteBusy && !data.busy;
  window.pinciteBusy = data.busy;
  if (done && document.hidden && !window.pinciteTitle) tell(data.done);
  document.addEventListener("visibilitychange", restore);
  return until(() => document.removeEventListener("visibilitychange", restore));
}
