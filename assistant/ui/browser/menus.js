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
