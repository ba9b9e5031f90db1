// Puts the keyboard into the input when the app is opened, and whenever "/" is typed elsewhere; on
// telephones it would raise the keys over the page. "?" shows all keys. A "/" at the beginning of
// the input shows the commands.
const input = () => document.querySelector('[data-testid="stChatInputTextArea"]');

const begin = (tries) => {
  if (focusedNow() !== document.body) return; // the person was faster
  const box = input();
  if (box && !box.disabled) box.focus({ preventScroll: true });
  else if (tries) setTimeout(begin, 100, tries - 1);
};

// -- all keys

const showKeys = (data) => {
  if (document.querySelector(".all-keys")) return;
  const dialog = make("dialog", "all-keys", "", { "aria-labelledby": "all-keys" });
  const table = make("dl", "");
  for (const [keys, does] of data.keys) {
    const names = make("dt", "");
    for (const key of keys) names.append(make("kbd", "", key), " ");
    table.append(names, make("dd", "", does));
  }
  const close = make("button", "close", data.words.close, { type: "button" });
  close.onclick = () => dialog.close();
  dialog.onclose = () => dialog.remove();
  dialog.append(make("h2", "", data.words.title, { id: "all-keys" }), table, close);
  document.body.append(dialog);
  dialog.showModal();
};

// -- the menu of commands

const BEGUN = /^\/([A-Za-z]*)$/;
let menu = null;

const hide = () => {
  menu?.remove();
  menu = null;
  for (const name of ["aria-controls", "aria-activedescendant"]) input()?.removeAttribute(name);
};

const pick = (at) => {
  const options = [...menu.children];
  const now = options[(at + options.length) % options.length];
  for (const one of options) one.setAttribute("aria-selected", String(one === now));
  input().setAttribute("aria-activedescendant", now.id);
  now.scrollIntoView({ block: "nearest" });
};

const picked = () => [...menu.children].findIndex((one) => one.ariaSelected === "true");

const complete = (name) => {
  writeInto(input(), `/${name} `);
  hide();
  input().focus();
};

const draw = (data) => {
  const begun = input()?.value.match(BEGUN);
  const found = begun ? data.commands.filter((one) => one.name.startsWith(begun[1].toLowerCase())) : [];
  if (!found.length) return hide();
  menu ??= (document.querySelector("main") ?? document.body).appendChild(
    make("div", "commands", "", { role: "listbox", id: "commands", "aria-label": data.words.menu }),
  );
  menu.replaceChildren(
    ...found.map((one) => {
      const option = make("div", "", "", { role: "option", id: `command-${one.name}` });
      option.append(make("b", "", `/${one.name}`), " ", make("span", "", one.what));
      option.onpointerdown = (event) => {
        event.preventDefault(); // the box keeps the keyboard
        complete(one.name);
      };
      return option;
    }),
  );
  const { left, top, width } = input().closest('[data-testid="stChatInput"]').getBoundingClientRect();
  Object.assign(menu.style, { left: `${left}px`, width: `${width}px`, bottom: `${innerHeight - top + 6}px` });
  input().setAttribute("aria-controls", "commands");
  pick(0);
};

const inMenu = (event, data) => {
  const steps = { ArrowDown: 1, ArrowUp: -1 };
  if (event.key in steps) pick(picked() + steps[event.key]);
  else if (event.key === "Enter" || event.key === "Tab") {
    const name = menu.children[picked()].querySelector("b").textContent.slice(1);
    const typed = input().value.toLowerCase() === `/${name}`;
    if (event.key === "Enter" && typed && data.commands.find((one) => one.name === name).alone) {
      return hide(); // nothing is left to complete: it is sent
    }
    complete(name);
  } else if (event.key === "Escape") hide();
  else return;
  event.preventDefault();
  event.stopPropagation();
};

export default function ({ data, parentElement }) {
  const until = drawnAnew(parentElement);
  if (window.matchMedia("(pointer: fine)").matches && !window.pinciteBegun) begin(50);
  window.pinciteBegun = true;
  const onKey = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (menu && event.target === input()) return inMenu(event, data);
    if (isField(focusedNow()) || document.querySelector("dialog[open], [role=dialog]")) return;
    if (event.key === "?") showKeys(data);
    else if (event.key === "/" && input()) {
      event.preventDefault();
      input().focus();
    }
  };
  const onInput = (event) => event.target === input() && draw(data);
  const onBlur = (event) => event.target === input() && hide();
  // Before Streamlit hears them: Enter in the menu sends nothing.
  document.addEventListener("keydown", onKey, true);
  document.addEventListener("input", onInput);
  document.addEventListener("focusout", onBlur);
  if (focusedNow() === input()) draw(data); // the person was faster
  return until(() => {
    document.removeEventListener("keydown", onKey, true);
    document.removeEventListener("input", onInput);
    document.removeEventListener("focusout", onBlur);
    hide();
  });
}
