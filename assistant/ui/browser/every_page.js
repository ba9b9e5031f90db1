// What each page does in the browser besides its drawing.

// Each row has the same buttons: a screen reader is told which document or file they are about.
const ROWS = '[class*="st-key-row-"], [class*="st-key-failure-"]';

const nameRows = () => {
  for (const row of document.querySelectorAll(ROWS)) {
    const about = row.querySelector(".document-name, .files .name")?.textContent;
    if (!about) continue;
    for (const button of row.querySelectorAll("button")) {
      const label = button.querySelector("p")?.textContent;
      if (label) button.setAttribute("aria-label", `${label}: ${about}`);
    }
  }
  // Streamlit 1.67 gives it a name, and a role that has none.
  for (const zone of document.querySelectorAll('[data-testid="stFileUploaderDropzone"]'))
    if (zone.getAttribute("role") !== "group") zone.setAttribute("role", "group");
};

// A menu that was opened by the keyboard takes the focus: it stands behind all else on the page, where
// Tab would come last.
const OPENER = '[data-testid="stPopoverButton"][aria-expanded="true"]:focus-visible';
const REACHED = "button:enabled, a[href], input:enabled, select:enabled, textarea:enabled";

const entered = new WeakSet(); // who goes back to its button stays there

const enterMenu = () => {
  const menu = document.querySelector('[data-testid="stPopoverBody"]');
  if (!menu || entered.has(menu) || !document.activeElement?.matches(OPENER)) return;
  const first = menu.querySelector(REACHED);
  if (!first) return; // its content comes later
  entered.add(menu);
  first.focus();
};

// After each change of the page.
export default function ({ data, parentElement }) {
  const until = drawnAnew(parentElement);
  const translate = speak(data);
  const changed = () => {
    translate();
    nameRows();
    enterMenu();
    enterDialog();
    nameAddress(data.address);
    nameLinks(data.address);
  };
  rememberLibrary(data.library, data.address);
  changed();
  document.addEventListener("click", onClick, true);
  document.addEventListener("keydown", onType, true);
  const page = new MutationObserver(changed);
  page.observe(document.body, { childList: true, subtree: true, characterData: true });
  return until(() => {
    page.disconnect();
    document.removeEventListener("click", onClick, true);
    document.removeEventListener("keydown", onType, true);
  });
}
