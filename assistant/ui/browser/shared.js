// What the scripts of several components share. It stands before each of them, see `script`.

// An element with its class, its text and its attributes. Text is only ever text, never markup.
const make = (tag, className = "", text = "", attributes = {}) => {
  const element = document.createElement(tag);
  Object.assign(element, { className, textContent: text });
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
};

// A button with a drawing: a path on 20 by 20. Its label is given with it, or later.
const iconButton = (shape, act, className = "", label = "") => {
  const named = label ? { title: label, "aria-label": label } : {};
  const button = make("button", className, "", { type: "button", ...named });
  const [drawn, path] = ["svg", "path"].map((name) =>
    document.createElementNS("http://www.w3.org/2000/svg", name));
  drawn.setAttribute("viewBox", "0 0 20 20");
  drawn.setAttribute("aria-hidden", "true");
  path.setAttribute("d", shape);
  drawn.append(path);
  button.append(drawn);
  button.onclick = act;
  return button;
};

// Streamlit calls a component's clean-up only when the component goes, not when it is drawn again:
// a drawing first stops what the one before listens to, or each key would be heard twice.
const stops = new WeakMap(); // by the component's place on the page

const drawnAnew = (place) => {
  stops.get(place)?.();
  stops.delete(place);
  return (stop) => {
    stops.set(place, stop);
    return stop;
  };
};

// Whether a component shows these data already: its page is drawn more often than they change.
const isDrawn = (root, data) => {
  const state = JSON.stringify(data);
  if (root.dataset.state === state) return true;
  root.dataset.state = state;
  return false;
};

// What has the keyboard, also inside of components.
const focusedNow = () => {
  let element = document.activeElement;
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
  return element;
};

const isField = (element) => element?.matches?.("input, textarea, select, [contenteditable=true]");

// React knows its own value of a field, and only an event tells it of another one.
const writeInto = (field, text) => {
  const kind = field.matches("textarea") ? HTMLTextAreaElement : HTMLInputElement;
  Object.getOwnPropertyDescriptor(kind.prototype, "value").set.call(field, text);
  field.dispatchEvent(new Event("input", { bubbles: true }));
};

// In a list that is one stop of the Tab key, keys go from button to button. `steps` has how far each
// of them goes.
const walkButtons = (event, steps) => {
  const buttons = [...event.currentTarget.querySelectorAll("button")];
  const at = buttons.indexOf(event.target.closest("button"));
  const step = steps[event.key];
  if (!step || at < 0) return;
  event.preventDefault();
  event.stopPropagation();
  const next = buttons[Math.min(Math.max(at + step, 0), buttons.length - 1)];
  buttons.forEach((button) => (button.tabIndex = button === next ? 0 : -1));
  next.focus();
};

// A part of the page that has a name, and that the arrow keys can scroll.
const makeRegion = (part, name) => {
  part.setAttribute("role", "region");
  part.setAttribute("aria-label", name);
  part.setAttribute("tabindex", "0");
};

// Returns whether the browser allows it.
const copyText = async (text) => {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
};

const keepCookie = (name, value) => {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${name}=${value}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`; // a year
};
