// A menu beside the button that opens it. It lies over all else, and the browser closes it on Escape
// and on a click elsewhere.
const MENU_STEPS = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity };

// `items` returns those of now: each has a label, what it does, and whether it is on.
const menuButton = (button, items) => {
  let wasOpen = false;
  button.setAttribute("aria-haspopup", "menu");
  button.setAttribute("aria-expanded", "false");
  button.onpointerdown = () => (wasOpen = button.ariaExpanded === "true"); // which this press closes
  button.onclick = () => {
    if (!wasOpen) openMenu(button, items());
    wasOpen = false;
  };
  return button;
};

const openMenu = (button, items) => {
  const menu = make("div", "menu", "", { popover: "auto", role: "menu", "aria-label": button.ariaLabel });
  menu.append(...items.map(({ label, act, on }) => {
    const role = on === undefined ? "menuitem" : "menuitemcheckbox";
    const item = make("button", "", label, { type: "button", role, tabindex: "-1" });
    if (on !== undefined) item.setAttribute("aria-checked", String(on));
    item.onclick = () => {
      menu.hidePopover();
      act();
    };
    return item;
  }));
  menu.onkeydown = (event) => {
    if (event.key === "Escape") event.stopPropagation(); // else it would close the page, too
    walkButtons(event, MENU_STEPS);
  };
  menu.ontoggle = ({ newState }) => {
    button.setAttribute("aria-expanded", String(newState === "open"));
    if (newState === "closed") menu.remove();
  };
  button.after(menu);
  menu.showPopover();
  const { left, right, top, bottom } = button.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = menu;
  const start = left + width > innerWidth ? right - width : left;
  menu.style.left = `${Math.max(8, start)}px`;
  menu.style.top = `${bottom + height > innerHeight ? Math.max(8, top - height) : bottom}px`;
  menu.querySelector("button")?.focus();
};

// Draws now, or when the menu within `root` is closed: nobody's menu vanishes under their hands.
const whenClosed = (root, draw) => {
  const menu = root.querySelector(".menu");
  if (!menu) return draw();
  menu.addEventListener("toggle", ({ newState }) => newState === "closed" && draw());
};
