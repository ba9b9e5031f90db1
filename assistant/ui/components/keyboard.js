// Puts the keyboard into the input when the app is opened, and whenever "/" is typed elsewhere. On
// telephones it would raise the keys over the page.
const input = () => document.querySelector('[data-testid="stChatInputTextArea"]');

const focused = () => {
  let element = document.activeElement;
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
  return element;
};

const begin = (tries) => {
  if (focused() !== document.body) return; // the person was faster
  const box = input();
  if (box && !box.disabled) box.focus({ preventScroll: true });
  else if (tries) setTimeout(begin, 100, tries - 1);
};

const typing = (element) => element?.matches?.("input, textarea, select, [contenteditable=true]");

export default function () {
  if (window.matchMedia("(pointer: fine)").matches && !window.pinciteBegun) begin(50);
  window.pinciteBegun = true;
  const onKey = (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (typing(focused()) || !input()) return;
    event.preventDefault();
    input().focus();
  };
  document.addEventListener("keydown", onKey);
  return () => document.removeEventListener("keydown", onKey);
}
