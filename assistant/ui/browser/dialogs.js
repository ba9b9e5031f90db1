// A dialog with a field begins in it, and has what was typed since the click that asked for it: it
// comes from the server, and until then the keys would go nowhere.
// A list that can be searched is none: what is typed there is not kept.
const FIELD = 'input[type="text"]:not([role="combobox"]):enabled, textarea:enabled';

const PATIENCE = 3000; // milliseconds after the click

let typed = null; // since the last click; null where nothing waits for it
let waits = 0; // until then
let clicked = null; // what had the focus after it

const typesElsewhere = () => isField(focusedNow());

// Who has gone on to another button waits for no dialog. One that has come takes the focus itself.
const goneOn = () => ![clicked, document.body].includes(focusedNow()) && !focusedNow()?.closest('[role="dialog"]');

const onClick = () => {
  typed = [];
  clicked = focusedNow();
  waits = Date.now() + PATIENCE;
};

// Streamlit draws the whole page again for an R, and what was clicked just before it is lost.
const redraws = (event) => event.key.toLowerCase() === "r" && !event.ctrlKey && !event.metaKey;

const onType = (event) => {
  if (redraws(event) && !typesElsewhere()) event.stopPropagation();
  if (Date.now() > waits || ["Tab", "Escape"].includes(event.key) || goneOn()) typed = null;
  if (!typed || event.ctrlKey || event.metaKey || event.altKey || typesElsewhere()) return;
  // The button that was clicked has the focus: these would ask once more.
  if (["Enter", " "].includes(event.key) && typed.length) event.preventDefault();
  if (event.key === "Backspace") typed.pop();
  else if (event.key.length === 1 || (event.key === "Enter" && typed.length)) typed.push(event.key);
};

const begun = new WeakSet();

const enterDialog = () => {
  const dialog = document.querySelector('[role="dialog"]');
  const field = dialog && !begun.has(dialog) && dialog.querySelector(FIELD);
  if (!field) return;
  begun.add(dialog);
  const [keys, sends] = [(typed ?? []).filter((key) => key !== "Enter"), typed?.includes("Enter")];
  typed = null;
  field.focus();
  field.select();
  if (keys.length) writeInto(field, keys.join(""));
  // By the key: a click on the button would send the form before it knows the text.
  const enter = () => field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
  if (sends) setTimeout(enter);
};
