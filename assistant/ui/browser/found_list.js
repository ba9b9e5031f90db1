// The places in the whole document, each with its page and line: a list that one goes through with
// the arrow keys. It is one stop of the Tab key.
const showFound = (list, found, here, words, open) => {
  const places = found?.places ?? [];
  list.hidden = !places.length;
  if (list.found === found && list.here === here) return;
  const focused = list.getRootNode().activeElement?.dataset.at;
  list.replaceChildren(...places.map((place, at) => {
    const row = make("li");
    row.append(placeButton(place, at, at === here, words, open));
    return row;
  }));
  Object.assign(list, { found, here });
  const tabbed = list.querySelector('[aria-current="true"]') ?? list.querySelector("button");
  if (tabbed) tabbed.tabIndex = 0;
  if (focused) list.querySelector(`[data-at="${focused}"]`)?.focus();
  list.querySelector('[aria-current="true"]')?.scrollIntoView({ block: "nearest" });
};

const placeButton = ([page, number, line], at, here, words, open) => {
  const button = make("button", "", "", { type: "button", "data-at": at, tabindex: -1 });
  if (here) button.setAttribute("aria-current", "true");
  button.append(make("b", "", words.page.replace("{number}", page)), make("span", "", line));
  button.onclick = () => open(page, number);
  return button;
};

const STEPS = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity };
